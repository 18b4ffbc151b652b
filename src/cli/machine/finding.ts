/** What `doctor` finds: one thing, whether it is right, and what to do where it is not. */
export interface Finding {
  readonly what: string;
  /** `note`: nothing is wrong, but a person should know. */
  readonly is: 'ok' | 'note' | 'wrong';
  readonly found: string;
  readonly remedy?: string;
}

export type Check = (dir: string) => Finding | Promise<Finding>;

export const ok = (what: string, found: string): Finding => ({ what, is: 'ok', found });
export const note = (what: string, found: string, remedy: string): Finding => ({ what, is: 'note', found, remedy });
export const wrong = (what: string, found: string, remedy: string): Finding => ({ what, is: 'wrong', found, remedy });

/** Thrown through the module by the host: the script is over, whatever it would have caught. */
export class Halt {
  readonly code: string;
  readonly report: string;
  constructor(code: string, report: string) {
    this.code = code;
    this.report = report;
  }
}

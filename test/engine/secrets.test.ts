import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secrets, secretsInMemory } from '../../src/engine/secrets.ts';
import { openFleet } from '../../src/index.ts';
import { hashedLine } from '../../src/log/canonical.ts';
import { secretsFile } from '../../src/log/secretsFile.ts';

const token = `ghp_${'a1B2c3D4'.repeat(5)}`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-secrets-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('secrets', () => {
  it('[LO7] a value that looks like a secret is named, the same one with the same name, and comes back', () => {
    const secrets = new Secrets(secretsInMemory(), ['hunter\\d']);
    const hidden = secrets.hide(`a ${token} b hunter2 c ${token}`);
    expect(hidden).toBe('a [secret s-1] b [secret s-2] c [secret s-1]');
    expect(secrets.revealIn({ deep: [hidden] })).toEqual({ deep: [`a ${token} b hunter2 c ${token}`] });
    expect(secrets.hide('nothing here')).toBe('nothing here');
  });

  it('[LO7] where the value is gone, using it fails with a code and a remedy', () => {
    const secrets = new Secrets(secretsInMemory());
    expect(() => secrets.reveal('use [secret s-7]')).toThrowError(
      expect.objectContaining({ code: 'HOLDFAST_SECRET_GONE' }),
    );
  });

  it('[LO7] the file beside the log is for its owner only, and gives the same value the same name', () => {
    const store = secretsFile(dir);
    expect(store.keep('one', 0)).toBe('s-1');
    const path = join(dir, 'secrets');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = secretsFile(dir);
    expect(again.keep('one', 0)).toBe('s-1');
    expect(again.keep('two', 0)).toBe('s-2');
    expect(secretsFile(dir).value('s-2')).toBe('two');
  });

  it('[LO7] a line that a crash has cut swallows nothing that comes after it', () => {
    secretsFile(dir).keep('one', 0);
    appendFileSync(join(dir, 'secrets'), '{"name":"s-2","val');
    expect(secretsFile(dir).keep('two', 0)).toBe('s-2');
    const again = secretsFile(dir);
    expect([again.value('s-1'), again.value('s-2')]).toEqual(['one', 'two']);
  });

  it('[LO7] a name is never given again, also when the file was lost between two lives', () => {
    expect(new Secrets(secretsFile(dir), ['hunter\\d'], 1).hide('hunter1')).toBe('[secret s-1]');
    rmSync(join(dir, 'secrets'));
    const second = new Secrets(secretsFile(dir), ['hunter\\d'], 2);
    expect(second.hide('hunter2')).toBe('[secret s-1000001]');
    expect(() => second.reveal('[secret s-1]')).toThrowError(expect.objectContaining({ code: 'HOLDFAST_SECRET_GONE' }));
  });

  it('[LO7] who is told that a value is gone can go on: the message does not ask for it again', () => {
    const secrets = new Secrets(secretsInMemory());
    let told = '';
    try {
      secrets.reveal('use [secret s-7]');
    } catch (error) {
      told = (error as Error).message;
    }
    expect(told).toMatch(/s-7 is gone/);
    expect(secrets.reveal(told)).toBe(told);
  });

  it('[LO7] a command gets the value, the log and its export never do', async () => {
    const fleet = await openFleet({
      log: join(dir, 'log'),
      fleet: {
        models: { script: { kind: 'script' } },
        roots: [{ prompt: `use ${token}` }],
        scripts: {
          '/root': [
            [{ call: 'exec_command', id: 'c', args: { cmd: `printf %s ${token} | wc -c; echo ${token}` } }],
            [{ say: `it was ${token}` }],
          ],
        },
      },
    });
    await fleet.whenIdle();
    let text = '';
    for await (const page of fleet.log.readHashed()) for (const event of page) text += `${hashedLine(event)}\n`;
    await fleet.stop();
    expect(text).not.toContain(token);
    expect(text).toContain('[secret s-1]');
    expect(text).toContain(`Output:\\n${token.length}\\n[secret s-1]`);
    expect(readFileSync(join(dir, 'log', 'secrets'), 'utf8')).toContain(token);
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bash, ended, newHost, output, shows, started, until } from './hosts.ts';

const enter = (text: string) => Buffer.from(`${text}\n`);

describe('a terminal', () => {
  test('[PR9] its stdin is open: cat answers line by line and ends on ^D', async () => {
    const { host } = await newHost();
    await started(host, { ...bash(1000, ''), argv: ['cat'], tty: true });
    expect(await host.write('w1', 1000, enter('héllo'))).toBe('written');
    await shows(host, 1000, 'héllo\r\nhéllo\r\n');
    expect(await host.write('w2', 1000, Uint8Array.of(4))).toBe('written');
    expect(await ended(host, 1000)).toMatchObject({ code: 0, signal: null });
    expect(await host.write('w3', 1000, enter('late'))).toBe('ended');
  });

  test('[PR9] a pipe has its stdin closed, and says so', async () => {
    const { host } = await newHost();
    await started(host, { ...bash(1000, ''), argv: ['cat'] });
    expect(await ended(host, 1000)).toMatchObject({ code: 0, outputBytes: 0 });
    await started(host, bash(1001, 'exec sleep 1000'));
    expect(await host.write('w1', 1001, enter('x'))).toBe('closed');
    expect(await host.write('w2', 1999, enter('x'))).toBe('unknown');
  });

  test('[TU6] the same request id writes once, also over another answer', async () => {
    const { host } = await newHost();
    await started(host, bash(1000, 'stty -echo; echo ready; while read line; do echo "<$line>"; done', { tty: true }));
    await shows(host, 1000, 'ready');
    expect(await host.write('w1', 1000, enter('one'))).toBe('written');
    expect(await host.write('w1', 1000, enter('one'))).toBe('written');
    expect(await host.write('w2', 1000, enter('two'))).toBe('written');
    await shows(host, 1000, '<two>');
    expect(await output(host, 1000)).toBe('ready\r\n<one>\r\n<two>\r\n');
  });

  test('[PR9] it has the size it was given, and takes another', async () => {
    const { host } = await newHost();
    const script = 'stty size; trap "stty size; exit 5" WINCH; echo ready; while :; do sleep 0.02; done';
    await started(host, bash(1000, script, { tty: true, cols: 101, rows: 42 }));
    await shows(host, 1000, '42 101');
    await shows(host, 1000, 'ready');
    await host.resize(1000, 132, 50);
    expect(await ended(host, 1000)).toMatchObject({ code: 5 });
    expect(await output(host, 1000)).toContain('50 132');
  });

  test('[PR6] who closes the terminal before exiting is not hung up on: the exit code is its own', async () => {
    const { host } = await newHost();
    await started(host, bash(1000, 'echo bye; exec 0<&- 1>&- 2>&-; sleep 0.1; exit 5', { tty: true }));
    expect(await ended(host, 1000)).toMatchObject({ code: 5, signal: null, outputBytes: 5 });
  });

  test('[PR1] state lives on between writes: an interactive shell', async () => {
    const { host } = await newHost();
    await started(host, { ...bash(1000, ''), argv: ['bash', '--norc', '--noprofile', '-i'], tty: true });
    await host.write('w1', 1000, enter('answer=4$((1+1))'));
    await host.write('w2', 1000, enter('echo "it is $answer"'));
    await shows(host, 1000, 'it is 42');
    await host.write('w3', 1000, enter('exit 9'));
    expect(await ended(host, 1000)).toMatchObject({ code: 9 });
  });

  test('[PR1] an interrupt reaches what runs in the foreground of a shell, and is applied once', async () => {
    const { host } = await newHost();
    await started(host, { ...bash(1000, ''), argv: ['bash', '--norc', '--noprofile', '-i'], tty: true });
    await host.write('w1', 1000, enter("bash -c 'echo up $((1+1)); exec sleep 1000'"));
    await shows(host, 1000, 'up 2');
    expect(await host.signal('s1', 1000, 'SIGINT')).toBe(true);
    await host.write('w2', 1000, enter('echo back $((2+2))'));
    await shows(host, 1000, 'back 4');
    expect(await host.signal('s1', 1000, 'SIGINT')).toBe(true);
    expect(await host.stop('s2', 1000, 200)).toMatchObject({ code: null });
    expect(await host.signal('s3', 1000, 'SIGINT')).toBe(false);
  });

  test('[PR10] input that is not read is refused above a limit and does not hold up the host', async () => {
    const { host } = await newHost();
    await started(host, bash(1000, 'stty raw -echo; echo ready; exec sleep 1000', { tty: true }));
    await shows(host, 1000, 'ready');
    expect(await host.write('w1', 1000, Buffer.alloc(900_000, 'x'))).toBe('written');
    await expect(host.write('w2', 1000, Buffer.alloc(900_000, 'x'))).rejects.toMatchObject({
      code: 'HOLDFAST_HOST_INPUT_FULL',
    });
    await expect(host.write('w3', 1000, Buffer.alloc(5_000_000))).rejects.toMatchObject({
      code: 'HOLDFAST_HOST_FRAME_TOO_LARGE',
    });
    await started(host, bash(1001, 'echo fine'));
    await ended(host, 1001);
  });

  test('[PR2] large input arrives whole', async () => {
    const { host } = await newHost();
    await started(host, bash(1000, 'stty raw -echo; echo ready; head -c 500000 | sha256sum', { tty: true }));
    await shows(host, 1000, 'ready');
    await host.write('w1', 1000, Buffer.alloc(500_000, 'holdfast'));
    await until(async () => (await host.wait(1000, 1_000))?.exit !== undefined);
    const hash = createHash('sha256').update(Buffer.alloc(500_000, 'holdfast')).digest('hex');
    expect(await output(host, 1000)).toContain(hash);
  });
});

/** Approval of commands: what is asked, what an answer does, and what ends a question (AP1–AP6). */
import { describe, expect, test } from 'vitest';
import type { Approvals } from '../../events/fleetFile.ts';
import { awaitsPerson, openApprovals } from '../../projections/approvals.ts';
import { react } from '../../src/engine/react.ts';
import { fleet, type Given, of, type PaperFleet, types } from './given.ts';

const asking = (more: Partial<Approvals> = {}, given: Given = {}): PaperFleet =>
  fleet({ ...given, approvals: { mode: 'ask', ...more } });

const exec = (f: PaperFleet, cmd: string, path = '/root', more: object = {}) =>
  f.call(path, 'exec_command', { cmd, ...more });

const answer = (f: PaperFleet, approvalId: string, word: 'allow' | 'deny' | 'always', reason?: string) =>
  f.ask({ do: 'answerApproval', approvalId, answer: word, ...(reason !== undefined && { reason }) });

test('[AP1] a question is one batch with its call, which stays open, and nothing is requested of a host', () => {
  const f = asking();
  const call = exec(f, 'make', '/root', { justification: 'to see whether it builds' });
  expect(types(call)).toEqual(['ToolCallStarted', 'ApprovalAsked']);
  expect(call.outcome).toBeUndefined();
  expect(of(call, 'ApprovalAsked')[0]!.data).toMatchObject({
    approvalId: '1',
    what: 'make',
    why: 'no pattern allows it',
    justification: 'to see whether it builds',
    always: ['make $'],
  });
  expect(f.of('ProcessRequested')).toEqual([]);
  expect([f.status('/root'), awaitsPerson(f.state)]).toEqual(['waiting', true]);
});

test('[AP1] the answer allow and the request of the process are one batch, and the call ends as any other', () => {
  const f = asking();
  const { id } = exec(f, 'make');
  f.now += 60_000;
  const then = answer(f, '1', 'allow');
  expect(types(then)).toEqual(['ApprovalAnswered', 'ProcessRequested']);
  expect(react(f.state, then.events).map((effect) => effect.do)).toEqual(['collect', 'startProcess', 'askPeople']);
  const { turnId, calls } = f.turn('/root');
  expect(calls[id]).toMatchObject({ processId: 1000, at: f.now });
  expect(calls[id]!.approvalId).toBeUndefined();
  f.ask({ do: 'endCall', turnId, callId: id, outcome: 'ok', output: { text: 'built' } }, 'engine');
  expect(f.result(id)).toEqual({ outcome: 'ok', text: 'built' });
});

test('[AP1] the answer deny ends the call as refused with the words of the operator', () => {
  const f = asking();
  const { id } = exec(f, 'make');
  expect(types(answer(f, '1', 'deny', 'not on a Friday'))).toEqual(['ApprovalAnswered', 'ToolCallEnded']);
  expect(f.result(id)).toMatchObject({ outcome: 'refused', fields: { reason: 'not on a Friday' } });
  expect(f.result(id).text).toContain('not on a Friday');
  expect(f.of('ProcessRequested')).toEqual([]);
});

test('[AP1] a question has one answer: a second one, and one to what never was, is refused and changes nothing', () => {
  const f = asking();
  exec(f, 'make');
  answer(f, '1', 'allow');
  for (const id of ['1', '2', 'constructor', '__proto__']) {
    const { refusal, events } = answer(f, id, 'deny');
    expect([refusal?.code, events]).toEqual(['HOLDFAST_APPROVAL_NOT_OPEN', []]);
  }
});

test('[AP1] what is allowed is decided on the state of the answer: a limit that was reached meanwhile ends the call', () => {
  const f = asking();
  const { id } = exec(f, 'make');
  f.limits({ processes: 0 });
  expect(types(answer(f, '1', 'allow'))).toEqual(['ApprovalAnswered', 'LimitRefused', 'ToolCallEnded']);
  expect(f.result(id).outcome).toBe('refused');
});

test('[AP1] typing into a session is asked about as a command is', () => {
  const f = asking({ allow: ['bash'] });
  exec(f, 'bash', '/root', { tty: true });
  const { turnId } = f.turn('/root');
  f.ask({ do: 'processStarted', processId: 1000, pid: 7, group: 7, startTime: 1, bootId: 'b' }, 'engine');
  f.ask({ do: 'endCall', turnId, callId: 'c1', outcome: 'ok', output: { text: '$ ' } }, 'engine');
  const write = f.call('/root', 'write_stdin', { session_id: 1000, chars: 'git push\n' });
  expect(of(write, 'ApprovalAsked')[0]!.data).toMatchObject({
    what: 'type "git push\\n" into session 1000 (bash)',
    always: ['git push'],
  });
  const then = answer(f, '1', 'allow');
  expect([types(then), f.turn('/root').calls[write.id]!.processId]).toEqual([['ApprovalAnswered'], 1000]);
  f.ask({ do: 'endCall', turnId, callId: write.id, outcome: 'ok', output: { text: '$ ' } }, 'engine');
  expect(types(f.call('/root', 'write_stdin', { session_id: 1000, chars: '' }))).toEqual(['ToolCallStarted']);
});

test('[AP1] a command of a cell is asked about, and the end of its cell takes the question back', () => {
  const f = asking();
  f.ask({ do: 'createCell', target: '/root', source: 'x', policy: 'ContinueWhenUnblocked' });
  const calls = [{ callId: 'tool-1', tool: 'exec_command', args: { cmd: 'make' } }];
  const nothing = { timers: [], clearedTimers: [], items: [], offset: 0, yields: [], notices: [] };
  const drains = [{ ...nothing, calls, pending: { calls: ['tool-1'] } }];
  f.say('/root');
  f.ask({ do: 'cellDrained', cellId: '1', from: 0, drains }, 'engine');
  expect(openApprovals(f.state)).toMatchObject([{ approvalId: '1', cellId: '1', callId: 'tool-1' }]);
  expect(awaitsPerson(f.state)).toBe(true);
  f.ask({ do: 'terminateCell', cellId: '1' });
  expect(openApprovals(f.state)).toEqual([]);
});

test('[AP2] a forbidden command is refused in every mode, and the model is told by which pattern', () => {
  for (const mode of ['auto', 'ask', 'deny'] as const) {
    const f = asking({ mode, allow: ['git'], deny: ['git push'] });
    const { outcome, text, events } = exec(f, 'cd /work && git push --force');
    expect([outcome, types({ events })]).toEqual(['refused', ['ToolCallStarted', 'ToolCallEnded']]);
    expect(text).toContain('`git push` is forbidden here');
  }
});

test('[AP2] in mode deny only what a pattern allows runs', () => {
  const f = asking({ mode: 'deny', allow: ['make'] });
  expect(exec(f, 'make test | tee log').outcome).toBe('refused');
  expect(types(exec(f, 'make test'))).toEqual(['ToolCallStarted', 'ProcessRequested']);
});

test('[AP2] an agent is under the policies of the roles above it, too: nobody gets more by spawning', () => {
  const f = asking(
    { mode: 'auto' },
    {
      limits: { depth: 3 },
      roles: { careful: { approvals: { mode: 'ask' } }, free: { approvals: { mode: 'auto' } } },
    },
  );
  f.spawn('/root', 'a', { agent_type: 'careful' });
  f.spawn('/root/a', 'b', { agent_type: 'free' });
  f.spawn('/root', 'c', { agent_type: 'free' });
  expect(types(exec(f, 'make', '/root/a/b'))).toEqual(['ToolCallStarted', 'ApprovalAsked']);
  expect(types(exec(f, 'make', '/root/c'))).toEqual(['ToolCallStarted', 'ProcessRequested']);
});

const judgedAs = (approvals: Approvals, cmd: string, more: object = {}): string => {
  const f = fleet({ approvals });
  const call = exec(f, cmd, '/root', more);
  return call.outcome ?? (of(call, 'ApprovalAsked').length > 0 ? 'asked' : 'runs');
};

describe('[AP3] a command of several parts runs only if each part may', () => {
  test.each([
    'ls',
    'ls -la src',
    'ls \'a;b\' "c|d" e\\;f',
    'ls; ls && ls || ls | ls & ls',
    'ls 2>&1 >/dev/null < in',
    '( ls; ls )',
    '{ ls; }',
    'ls $(ls) `ls` "$(ls)" <(ls)',
    'ls $HOME "${HOME}" ~/x *.ts {a,b}',
    'if ls; then ls; else ls; fi',
    'for f in *.ts; do ls "$f"; done',
    'while ! ls; do ls; done > /dev/null',
    'ls # ; rm -rf /',
    'ls \\\n -la',
    'ls\nls',
  ])('%j runs where `ls` is allowed', (cmd) => {
    expect(judgedAs({ mode: 'ask', allow: ['ls'] }, cmd)).toBe('runs');
  });

  test.each([
    'ls; rm x',
    'ls && rm x',
    'ls | rm x',
    'ls & rm x',
    'ls\nrm x',
    'ls $(rm x)',
    'ls "$(rm x)"',
    'ls `rm x`',
    'ls "`rm x`"',
    'ls <(rm x)',
    'ls >(rm x)',
    '(rm x)',
    '{ rm x; }',
    'if ls; then rm x; fi',
    'for f in $(rm x); do ls; done',
    'ls > $(rm x)',
    'ls > file',
    'ls &> file',
    'PATH=/tmp ls',
    'PATH=/tmp; ls',
    '$X',
    'l$X',
    './ls',
    '/tmp/ls',
    'l*',
    '{ls,rm}',
    'lsx',
    'ls <<END\n$(rm x)\nEND',
    'ls <<-END\nEND',
    'ls() { rm x; }; ls',
    'function ls { rm x; }; ls',
    'case x in x) rm x;; esac',
    '[[ -n $(rm x) ]]',
    'ls $((x[$(rm x)]))',
    'ls ${x:-$(rm x)}',
    "ls $'\\'; rm x #'",
    'ls "unclosed',
    "ls 'unclosed",
    'ls )',
    '( ls',
    'ls \u00a0; l\u00a0s',
    'ls `echo \\`rm x\\``',
    'ls \\',
    'coproc rm x',
    `ls ${'$('.repeat(40)}ls${')'.repeat(40)}`,
  ])('%j is asked about where only `ls` is allowed', (cmd) => {
    expect(judgedAs({ mode: 'ask', allow: ['ls'] }, cmd)).toBe('asked');
    expect(judgedAs({ mode: 'deny', allow: ['ls'] }, cmd)).toBe('refused');
  });

  test('what another program than a known shell would read is not read as a command', () => {
    for (const shell of ['/usr/bin/python3', './bash', '/tmp/bash'])
      expect(judgedAs({ mode: 'ask', allow: ['ls'] }, 'ls', { shell })).toBe('asked');
    expect(judgedAs({ mode: 'ask', allow: ['ls'] }, 'ls', { shell: '/bin/sh' })).toBe('runs');
  });

  test('a pattern is the first words of a command; `*` stands for a part of a word, and `$` at its end for nothing more', () => {
    const runs = (pattern: string, cmd: string) => judgedAs({ mode: 'ask', allow: [pattern] }, cmd) === 'runs';
    expect([runs('npm test', 'npm test -- --watch'), runs('npm test', 'npm run x')]).toEqual([true, false]);
    expect([runs('npm test $', 'npm test'), runs('npm test $', 'npm test x')]).toEqual([true, false]);
    expect([runs('npm run test:*', 'npm run test:unit'), runs('npm run test:*', 'npm run tes')]).toEqual([true, false]);
    expect([runs('a*b*c $', 'aXbYc'), runs('a*b*c $', 'abXc'), runs('a*bc', 'abc'), runs('ab*bc', 'abc')]).toEqual([
      ...[true, true, true, false],
    ]);
  });
});

describe('[AP2] a forbidden command is found wherever it stands', () => {
  test.each([
    'git push',
    'git push origin main',
    '/usr/bin/git push',
    "g'i't push",
    'X=1 git push',
    'git push > out',
    'ls && git push',
    'ls $(git push)',
    'ls "`git push`"',
    'if true; then git push; fi',
    'sudo -u me git push',
    'env A=1 git push',
    'time git push',
    "bash -lc 'cd x && git push'",
    'eval "git push"',
    'xargs -n1 git push',
    "timeout 5 sh -c 'git push'",
    'find . -exec git push ;',
    'git push <<END\nEND',
  ])('%j is refused', (cmd) => {
    expect(judgedAs({ deny: ['git push'] }, cmd)).toBe('refused');
  });

  test.each(['git $X', '$X push', 'git -C x push', 'eval "$X"', 'bash -c "git $X"', 'ls ${x:-y}', 'x() { ls; }'])(
    '%j may be it, so a person is asked',
    (cmd) => {
      expect(judgedAs({ deny: ['git push'] }, cmd)).toBe('asked');
    },
  );

  test.each(['git status', "echo 'git push'", 'git commit -m "no push"', 'git stash push', 'ls $X', '[ -f x ] && ls'])(
    '%j is none of it and runs',
    (cmd) => {
      expect(judgedAs({ deny: ['git push'] }, cmd)).toBe('runs');
    },
  );

  test('typed keys that no shell could be sure of are asked about, plain lines are read', () => {
    const typed = (chars: string) => {
      const f = fleet({ approvals: { deny: ['git push'] } });
      exec(f, 'bash -i', '/root', { tty: true });
      const { turnId } = f.turn('/root');
      f.ask({ do: 'endCall', turnId, callId: 'c1', outcome: 'ok', output: { text: '$ ' } }, 'engine');
      const call = f.call('/root', 'write_stdin', { session_id: 1000, chars });
      return call.outcome ?? (of(call, 'ApprovalAsked').length > 0 ? 'asked' : 'runs');
    };
    expect(['git push\n', 'git pu', 'git x\bpush\n', '\u0003', 'ls -la\n'].map(typed)).toEqual([
      ...['refused', 'asked', 'asked', 'asked', 'runs'],
    ]);
  });
});

test('[AP4] always names exactly what it allows, for the whole fleet, and is a fact that survives', () => {
  const f = asking({ deny: ['git push --force'] });
  f.spawn('/root', 'a');
  const call = exec(f, 'git push origin && ls -la src');
  expect(of(call, 'ApprovalAsked')[0]!.data.always).toEqual(['git push', 'ls -la src $']);
  const then = answer(f, '1', 'always');
  expect(of(then, 'ApprovalAnswered')[0]!.data.always).toEqual(['git push', 'ls -la src $']);
  f.crash();
  expect(types(exec(f, 'git push other', '/root/a'))).toEqual(['ToolCallStarted', 'ProcessRequested']);
  f.interrupt('/root/a');
  f.followup('/root/a');
  expect(types(exec(f, 'ls -la src etc', '/root/a'))).toEqual(['ToolCallStarted', 'ApprovalAsked']);
  f.interrupt('/root/a');
  f.followup('/root/a');
  expect(exec(f, 'git push --force', '/root/a').outcome).toBe('refused');
});

test('[AP4] the first words that the model proposes are taken if the command begins with them', () => {
  const proposal = (prefix_rule: string[], cmd = 'cargo run --release') =>
    of(exec(asking(), cmd, '/root', { prefix_rule }), 'ApprovalAsked')[0]!.data.always;
  expect(proposal(['cargo', 'run', '--release'])).toEqual(['cargo run --release']);
  expect(proposal(['cargo'])).toEqual(['cargo']);
  expect([proposal(['rm']), proposal([])]).toEqual([['cargo run'], ['cargo run']]);
});

test.each(['make > log', 'A=1 make', 'make $X', "make 'a b'", 'make <<E\nE'])(
  '[AP4] %j cannot be allowed for good, and whoever tries is told so',
  (cmd) => {
    const f = asking();
    exec(f, cmd);
    expect(f.of('ApprovalAsked')[0]!.data.always).toBeUndefined();
    const { refusal, events } = answer(f, '1', 'always');
    expect([refusal?.code, events]).toEqual(['HOLDFAST_APPROVAL_ONCE_ONLY', []]);
    expect(types(answer(f, '1', 'allow'))).toContain('ProcessRequested');
  },
);

test('[AP5] a question survives a crash, asked once', () => {
  const f = asking();
  exec(f, 'make');
  const before = f.of('ApprovalAsked').length;
  const then = f.crash();
  expect([before, f.of('ApprovalAsked').length, openApprovals(f.state).length]).toEqual([1, 1, 1]);
  expect(react(f.state, then.events).filter((effect) => effect.do === 'startProcess')).toEqual([]);
  expect(types(answer(f, '1', 'allow'))).toEqual(['ApprovalAnswered', 'ProcessRequested']);
});

test('[AP5] an interruption and a closing take the question back, and nothing is run', () => {
  for (const end of ['interrupt', 'close'] as const) {
    const f = asking();
    f.spawn('/root', 'a');
    const { id } = exec(f, 'make', '/root/a');
    f[end]('/root/a');
    expect([f.result(id).outcome, openApprovals(f.state)]).toEqual(['cancelled', []]);
    expect(answer(f, '1', 'allow').refusal?.code).toBe('HOLDFAST_APPROVAL_NOT_OPEN');
    expect(f.of('ProcessRequested')).toEqual([]);
  }
});

test('[AP5][SL10] with `park` a turn that waits for a person holds no slot, and goes on with one after the command', () => {
  const f = asking({ park: true }, { limits: { activeTurns: 1, whenFull: 'queue' } });
  f.spawn('/root', 'a');
  f.spawn('/root', 'b');
  expect([f.runs('/root/b'), f.queued()]).toEqual([false, ['/root/b']]);
  const { id } = exec(f, 'make', '/root/a');
  expect([f.runs('/root/b'), f.held(), f.status('/root/a')]).toEqual([true, 1, 'waiting']);
  answer(f, '1', 'allow');
  const { turnId } = f.turn('/root/a');
  f.ask({ do: 'endCall', turnId, callId: id, outcome: 'ok', output: { text: 'built' } }, 'engine');
  expect(f.queued()).toEqual(['/root/a']);
  f.say('/root/b');
  expect([f.held(), f.status('/root/a')]).toEqual([1, 'running']);
  f.say('/root/a');
});

test('[AP5] without `park` it keeps its slot', () => {
  const f = asking({}, { limits: { activeTurns: 1, whenFull: 'queue' } });
  f.spawn('/root', 'a');
  exec(f, 'make', '/root/a');
  expect([f.held(), f.turn('/root/a').parked]).toEqual([1, undefined]);
});

test('[AP6] a fleet needs a person when nothing goes on but by an answer, not before', () => {
  const f = asking({ allow: ['sleep'] });
  f.spawn('/root', 'a');
  exec(f, 'make', '/root/a');
  expect(awaitsPerson(f.state)).toBe(false);
  f.call('/root', 'wait_agent', {});
  expect(awaitsPerson(f.state)).toBe(true);
  f.interrupt('/root');
  f.followup('/root');
  expect(awaitsPerson(f.state)).toBe(false);
  exec(f, 'sleep 5');
  expect(awaitsPerson(f.state)).toBe(false);
});

/** Objects follow the log: RE4–RE7 and TU2 on the real engine, with a clock that stands still until it is moved. */
import { expect, test } from 'vitest';
import type { Log } from '../../src/log/port.ts';
import { type Living, living, quiet, until } from './living.ts';

/** a and b have run, c is the one that runs; whoever is evicted holds on until told. One more resident would be too many. */
async function crowded(): Promise<Living> {
  const f = await living({ activeTurns: 1, residents: 2 });
  for (const name of ['a', 'b']) {
    await f.spawn('/root', name);
    await f.talk.says(`/root/${name}`, { say: `${name} is done` });
  }
  f.talk.holdOn = true;
  return f;
}

const evictions = (f: Living) => f.events.filter((e) => e.type === 'AgentEvicted').length;

test('[RE4][R7][R10] the first use of an agent waits until whoever was evicted for it has let go', async () => {
  const f = await crowded();
  await f.spawn('/root', 'c');
  await until(() => f.talk.letGo.has(f.id('/root/a')));
  await quiet();
  expect(evictions(f)).toBe(1);
  expect(f.talk.samplings).not.toContain('/root/c 1');
  f.talk.letGo.get(f.id('/root/a'))!();
  await until(() => f.talk.samplings.includes('/root/c 1'));
});

test('[RE5][R11] an object that does not let go within 5 s is abandoned, and nobody waits longer for it', async () => {
  const f = await crowded();
  await f.spawn('/root', 'c');
  await until(() => f.talk.letGo.has(f.id('/root/a')));
  await f.clock.pass(4_999);
  expect(f.types()).not.toContain('UnloadAbandoned');
  expect(f.talk.samplings).not.toContain('/root/c 1');
  await f.clock.pass(1);
  await until(() => f.talk.samplings.includes('/root/c 1'));
  expect(f.events.find((e) => e.type === 'UnloadAbandoned')!.data).toEqual({
    agentId: f.id('/root/a'),
    afterMs: 5_000,
  });
  const { length } = f.events;
  f.talk.letGo.get(f.id('/root/a'))!();
  await quiet();
  expect(f.events).toHaveLength(length);
});

test('[RE4][R14][R15] who is wanted again while it lets go is made anew when it has, with one load and one turn', async () => {
  const f = await crowded();
  await f.life.engine.submit({ do: 'evict', target: '/root/a' });
  await until(() => f.talk.letGo.has(f.id('/root/a')));
  await f.life.engine.submit({ do: 'send', target: '/root/a', text: '1', followup: true });
  await f.life.engine.submit({ do: 'send', target: '/root/a', text: '2', followup: true });
  await quiet();
  expect(f.talk.samplings).not.toContain('/root/a 2');
  f.talk.letGo.get(f.id('/root/a'))!();
  await until(() => f.talk.samplings.includes('/root/a 2'));
  expect(f.types().filter((t) => t === 'AgentLoaded')).toHaveLength(4);
  expect(f.life.state.residents.present[f.id('/root/a')]).toBeDefined();
});

test('[RE4] the set of residents and the set of objects are one', async () => {
  const f = await crowded();
  f.talk.holdOn = false;
  for (const name of ['c', 'd', 'e']) {
    await f.spawn('/root', name);
    await f.talk.says(`/root/${name}`, { say: 'done' });
  }
  await quiet();
  expect(f.life.hands.objects.count).toBe(Object.keys(f.life.state.residents.present).length);
});

test('[RE6][R38] after an eviction and after a crash an agent has the history it had', async () => {
  const f = await living({ activeTurns: 1 });
  await f.spawn('/root', 'a');
  await f.talk.calls('/root/a', 'list_agents', {});
  await f.talk.says('/root/a', { say: 'green' });
  const next = async (text: string) => {
    await f.life.engine.submit({ do: 'send', target: '/root/a', text, followup: true });
    return (await f.talk.says('/root/a', { say: text })).history;
  };
  const before = await next('1');
  await f.life.engine.submit({ do: 'evict', target: '/root/a' });
  const evicted = await next('2');
  expect(evicted.slice(0, before.length)).toEqual(before);
  await f.crash();
  const after = await next('3');
  expect(after.slice(0, evicted.length)).toEqual(evicted);
  expect(after.map((i) => i.kind).join(' ')).toBe('mail call result say mail say mail say mail');
});

test('[TU7][R39] a fork sees what its parent had said up to the spawn, however fast it came', async () => {
  const f = await living({ activeTurns: 1 }, undefined, { roots: [{ prompt: 'first' }] });
  await f.talk.says('/root', { say: 'an answer' });
  await f.life.engine.submit({ do: 'send', target: '/root', text: 'second', followup: true });
  await f.talk.calls('/root', 'spawn_agent', { task_name: 'a', message: 'go' });
  const { history } = await f.talk.says('/root/a', { say: 'done' });
  expect(history.map((i) => ('text' in i ? i.text : i.kind))).toEqual(['first', 'an answer', 'second', 'go']);
});

test('[RE4] a load that fails ends that turn, its parent is told, and the next turn tries again', async () => {
  let broken = false;
  const log = (inner: Log): Log =>
    new Proxy(inner, {
      get(target, name) {
        if (name === 'readAgent' && broken) {
          return () => {
            throw new Error('the disk is away');
          };
        }
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const f = await living({ activeTurns: 1 }, { log });
  await f.spawn('/root', 'a');
  await f.talk.says('/root/a', { say: 'green' });
  await f.life.engine.submit({ do: 'evict', target: '/root/a' });
  broken = true;
  const ask = (text: string) => f.life.engine.submit({ do: 'send', target: '/root/a', text, followup: true });
  await ask('1');
  await until(() => !f.runs('/root/a'));
  const failed = f.events.find((e) => e.type === 'TurnFailed')!;
  expect(failed.data).toMatchObject({ agentId: f.id('/root/a'), error: 'the disk is away' });
  expect(f.events.findLast((e) => e.type === 'MailAccepted')!.data).toMatchObject({ kind: 'completion' });
  broken = false;
  await ask('2');
  const { history } = await f.talk.says('/root/a', { say: 'here again' });
  expect(history.map((i) => ('text' in i ? i.text : ''))).toEqual(['do a', 'green', '1', '2']);
});

test('[TU2][R19][R20] an interrupt reaches the driver once it is durable, at whatever moment it comes', async () => {
  const f = await living({ activeTurns: 1 });
  await f.spawn('/root', 'a');
  const { signal, resolve } = await until(() => f.talk.asked.get('/root/a'));
  await f.life.engine.submit({ do: 'interrupt', target: '/root/a' });
  expect(signal.aborted).toBe(true);
  const { length } = f.events;
  resolve([{ say: 'too late' }]);
  await quiet();
  expect(f.events).toHaveLength(length);
  expect(f.life.state.agents[f.id('/root/a')]!.last.is).toBe('interrupted');
});

test('[TU2][R1][R19] an interrupt before the model was even asked: it never is, slot and mail are back', async () => {
  const f = await living({ activeTurns: 1 });
  await f.spawn('/root', 'a');
  await f.talk.says('/root/a', { say: 'green' });
  const both = [
    f.life.engine.submit({ do: 'send', target: '/root/a', text: 'more', followup: true }),
    f.life.engine.submit({ do: 'interrupt', target: '/root/a' }),
  ];
  await Promise.all(both);
  await quiet();
  expect(f.talk.samplings).not.toContain('/root/a 2');
  expect(f.life.state.slots.held).toBe(0);
  expect(f.life.state.mail.inboxes[f.id('/root/a')]!.unread).toHaveLength(1);
});

test('[TU2] an interrupted wait and an interrupted pause leave no timer behind', async () => {
  const f = await living({ activeTurns: 2 });
  await f.spawn('/root', 'a');
  const before = f.clock.timers;
  await f.talk.calls('/root', 'wait_agent', {});
  expect(f.clock.timers).toBe(before + 1);
  await f.life.engine.submit({ do: 'interrupt', target: '/root' });
  expect(f.clock.timers).toBe(before);
});

test('[MA5] a wait that nobody ends gives up at its time', async () => {
  const f = await living({ activeTurns: 2 });
  await f.spawn('/root', 'a');
  await f.talk.calls('/root', 'wait_agent', { timeout_ms: 12_000 });
  await f.clock.pass(11_999);
  expect(f.talk.asked.has('/root')).toBe(false);
  await f.clock.pass(1);
  const { history } = await f.talk.says('/root', { say: 'enough' });
  expect(history.at(-1)).toMatchObject({ kind: 'result', text: '{"message":"Wait timed out.","timed_out":true}' });
});

test('[TU6][MA5] after a crash a wait gives up at its first deadline, counted from its call', async () => {
  const f = await living({ activeTurns: 2 });
  await f.spawn('/root', 'a');
  await f.talk.calls('/root', 'wait_agent', { timeout_ms: 12_000 });
  await f.clock.pass(10_000);
  await f.crash();
  await f.clock.pass(1_999);
  expect(f.talk.asked.has('/root')).toBe(false);
  await f.clock.pass(1);
  await until(() => f.talk.asked.has('/root'));
});

test('[RE6] a model gets long texts whole: mail, what it said and what its calls gave, also after a reload', async () => {
  const f = await living({});
  const long = `${'long '.repeat(20_000)}end`;
  await f.life.engine.submit({ do: 'send', target: '/root', text: long });
  await f.spawn('/root', 'a');
  await f.life.engine.submit({ do: 'send', target: '/root/a', text: long, followup: true });
  await f.talk.says('/root/a', { say: long });
  const { history } = await until(() => f.talk.asked.get('/root/a')?.request, 'the next turn of a');
  const texts = history.flatMap((item) => ('text' in item ? [item.text] : []));
  expect(texts.filter((text) => text === long)).toHaveLength(2);
  await f.talk.says('/root/a', { say: 'done' });
  await f.life.engine.submit({ do: 'evict', target: '/root/a' });
  await f.life.engine.submit({ do: 'send', target: '/root/a', text: 'again', followup: true });
  const again = await until(() => f.talk.asked.get('/root/a')?.request, 'a after its reload');
  expect(again.history.filter((item) => 'text' in item && item.text === long)).toHaveLength(2);
  expect(f.types()).toContain('AgentEvicted');
});

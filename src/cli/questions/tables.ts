/** The documents of `show` as tables for people. */
import { beginningOf, cellColumnsMax, commandText } from '../../words/describe.ts';
import { columns, cut, moment, oneLine, short } from '../../words/line.ts';
import { amount } from '../../words/quantity.ts';
import type * as sections from './sections.ts';

type Rows<K extends 'agents' | 'slots' | 'residents' | 'mail' | 'turns' | 'processes' | 'cells' | 'tasks'> = ReturnType<
  (typeof sections)[K]
>;

const table = (heads: readonly string[], rows: readonly (readonly string[])[], none: string): string[] =>
  rows.length === 0 ? [none] : columns([heads, ...rows.map((row) => row.map(oneLine))]);

export const agentsTable = (rows: Rows<'agents'>): string[] =>
  table(
    ['AGENT', 'STATUS', 'SINCE', 'IN MEMORY', 'UNREAD', 'WHAT'],
    rows.map(({ path, status, resident, unread, workspace }) => [
      path,
      status.is,
      `#${status.position}`,
      resident ? 'yes' : 'no',
      String(unread),
      cut(oneLine([workspace?.path, status.what].filter(Boolean).join('  ')), cellColumnsMax),
    ]),
    'no agents',
  );

export const approvalsTable = ({ open, always }: ReturnType<typeof sections.approvals>): string[] => [
  ...table(
    ['ID', 'AGENT', 'SINCE', 'WHAT', 'WHY'],
    open.map(({ approvalId, path, position, what, why }) => [approvalId, path, `#${position}`, beginningOf(what), why]),
    'no question is open',
  ),
  ...(always.length > 0 ? ['', 'allowed for good:', ...always.map((pattern) => `  ${oneLine(pattern)}`)] : []),
];

const spentOf = (spent: number, limit: number | undefined): string =>
  limit === undefined ? amount(spent) : `${amount(spent)} of ${amount(limit)}`;

export const budgetTable = ({ trees, agents }: ReturnType<typeof sections.budget>): string[] => [
  ...table(
    ['TREE', 'TOKENS', 'MONEY'],
    trees.map(({ root, tokens, money, limits }) => [
      root,
      spentOf(tokens, limits.tokens),
      spentOf(money, limits.money),
    ]),
    'no roots',
  ),
  '',
  ...table(
    ['AGENT', 'TOKENS', 'MONEY', ''],
    agents.map(({ path, tokens, money, limits, stopped }) => [
      path,
      spentOf(tokens, limits?.tokens),
      spentOf(money, limits?.money),
      stopped ? 'stopped by the budget' : '',
    ]),
    'no model has said what it used',
  ),
];

export const slotsTable = (trees: Rows<'slots'>): string[] =>
  trees.flatMap(({ root, activeTurns, whenFull, held, queue }) => [
    `${root}: ${held.length} of ${activeTurns} slots held, ${queue.length} queued (whenFull: ${whenFull})`,
    ...columns([
      ...held.map((slot) => ['  held', slot.path, `since #${slot.position}`, slot.purpose, short(slot.reservationId)]),
      ...queue.map((entry, i) => [`  ${i + 1}.`, entry.path, `since #${entry.position}`, entry.purpose, '']),
    ]),
  ]);

export const residentsTable = (rows: Rows<'residents'>): string[] =>
  table(
    ['AGENT', 'LAST USE', 'EVICTABLE'],
    rows.map(({ path, lastUse, evictable, root }, i) => [
      path,
      `#${lastUse}`,
      root ? 'never: a root' : evictable ? `yes, ${i + 1}.` : 'no: in a turn',
    ]),
    'nobody is in memory',
  );

export const mailTable = (rows: Rows<'mail'>): string[] =>
  table(
    ['MAIL', 'AT', 'TO', 'FROM', 'KIND', 'IS', 'TEXT'],
    rows.map((m) => [
      short(m.mailId),
      `#${m.position}`,
      m.to,
      m.from,
      m.trigger ? `${m.kind}${m.spent ? ' (spent trigger)' : ' (trigger)'}` : m.kind,
      m.is,
      beginningOf(m.text),
    ]),
    'no mail is unread',
  );

export const turnsTable = (rows: Rows<'turns'>): string[] =>
  table(
    ['TURN', 'AGENT', 'SINCE', 'PHASE', 'OPEN CALLS'],
    rows.map(({ turnId, path, position, phase, calls, undecided }) => [
      short(turnId),
      path,
      `#${position}`,
      phase,
      [
        ...calls.map(({ callId, tool }) => `${callId} ${tool}`),
        ...(undecided > 0 ? [`${undecided} to decide`] : []),
      ].join(', '),
    ]),
    'no turn is in progress',
  );

export const processesTable = (rows: Rows<'processes'>): string[] =>
  table(
    ['PROCESS', 'PID', 'AGENT', 'IS', 'SINCE', 'ON', 'COMMAND'],
    rows.map((p) => [
      String(p.processId),
      p.pid === undefined ? '' : String(p.pid),
      p.path,
      p.is === 'exited' || p.is === 'terminated' ? `${p.is} ${p.signal ?? p.code}` : p.is,
      moment(p.since),
      p.tty ? 'terminal' : 'pipes',
      cut(oneLine(commandText(p.command)), cellColumnsMax),
    ]),
    'no processes',
  );

export const cellsTable = (rows: Rows<'cells'>): string[] =>
  table(
    ['CELL', 'AGENT', 'IS', 'SINCE', 'ITEMS', 'WAITS FOR'],
    rows.map((c) => [
      c.cellId,
      c.path,
      c.generation === undefined || c.is !== 'pending' ? c.is : `pending ${c.generation}`,
      moment(c.since),
      String(c.items),
      [...c.calls.map(({ callId, tool }) => `${callId} ${tool}`), ...(c.timers > 0 ? [`${c.timers} timers`] : [])].join(
        ', ',
      ),
    ]),
    'no cells',
  );

export const tasksTable = (rows: Rows<'tasks'>): string[] =>
  table(
    ['AGENT', 'IS', 'TASK', 'SINCE', 'UNTIL', 'DOES'],
    rows.map(({ path, is, taskId, position, asked, expiresAt, task }) => [
      path,
      is,
      taskId ?? '',
      `#${asked?.position ?? position ?? ''}`,
      expiresAt === undefined ? '' : moment(expiresAt),
      cut(oneLine(task ?? ''), cellColumnsMax),
    ]),
    'no agent has needed a task',
  );

export const identityLine = ({
  registrar,
  strict,
  current,
  registering,
}: ReturnType<typeof sections.identity>): string => {
  if (registrar === 'none') return 'agents are registered nowhere: the fleet file has no `identity`';
  const kind = `${registrar} registrar${strict ? ', strict' : ''}`;
  if (current !== undefined)
    return `identity ${current.identityEpoch} is ${current.runtimeId} of account ${current.accountId}, since #${current.position} (${kind})`;
  return registering === undefined
    ? `no identity (${kind})`
    : `identity ${registering.identityEpoch} is being registered (${kind})`;
};

/** The end of `run` and `resume` for people: what happened in a few lines, and the commands to look further. */

import { columns, cut, oneLine } from '../../words/line.ts';
import { few } from '../../words/quantity.ts';
import { commandLine } from '../setting.ts';
import type { Summary } from './summary.ts';

const answerColumnsMax = 100;

/** Commands that lead on from here, ready to be copied. */
export function lookFurther(dir: string, s: Summary): string[] {
  return [
    commandLine(dir, 'log'),
    ...(s.slotsMostAt > 0 ? [commandLine(dir, 'show', 'slots', '--at', String(s.slotsMostAt))] : []),
    ...(s.live.length > 0 ? [commandLine(dir, 'ps'), commandLine(dir, 'clean', '--all')] : []),
    ...(s.refusals > 0 ? [commandLine(dir, 'why', 'refusal', 'last')] : []),
    commandLine(dir, 'why', 'agent', '/root'),
    commandLine(dir, 'replay'),
    commandLine(dir, 'verify'),
  ];
}

export function summaryText(dir: string, s: Summary): string[] {
  const ends = [
    few(s.completed, 'completed', 'completed'),
    ...(s.failed > 0 ? [`${s.failed} failed`] : []),
    ...(s.interrupted > 0 ? [`${s.interrupted} interrupted`] : []),
    ...(s.unfinished > 0 ? [`${s.unfinished} in progress`] : []),
  ];
  return [
    ...s.answers.map(
      ({ root, is, message }) => `${oneLine(root)} ${is}: ${cut(oneLine(message ?? ''), answerColumnsMax)}`,
    ),
    '',
    ...columns([
      ['agents', `${s.agents} (${few(s.roots, 'root')})`],
      ['turns', `${s.turns} (${ends.join(', ')})`],
      ['slots', `at most ${s.slotsMost} of ${s.activeTurns} held at once`],
      ['residency', `${few(s.evictions, 'eviction')}, ${few(s.reloads, 'reload')}`],
      ['refusals', String(s.refusals)],
      ['mail', String(s.mail)],
      ['processes', `${s.processes}${s.live.length > 0 ? `, still running: ${s.live.join(', ')}` : ''}`],
      [
        'events',
        `${s.events} in ${(s.ms / 1000).toFixed(1)} s${s.lives > 1 ? `, ${s.lives} lives of the engine` : ''}`,
      ],
      ['state hash', s.stateHash],
    ]),
    '',
    'look further:',
    ...lookFurther(dir, s).map((command) => `  ${command}`),
  ];
}

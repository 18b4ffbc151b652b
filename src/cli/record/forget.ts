/** `forget`: payloads are removed from the disk for good; hashes, proofs and replay stay as they are. */
import { statusOf } from '../../../projections/status.ts';
import type { Payload } from '../../decide/command.ts';
import { foldLog } from '../../engine/fold.ts';
import { forget } from '../../erasure/forget.ts';
import { type Left, leftBy, payloadNamed } from '../../erasure/payloads.ts';
import { Refused } from '../../failure.ts';
import { forgetCommands } from '../../host/records.ts';
import { removeSpool } from '../../host/spoolReader.ts';
import { newId, openLog, systemClock } from '../../live.ts';
import type { LogReader } from '../../log/port.ts';
import { forgetSecret } from '../../log/secretsFile.ts';
import { agentNamed } from '../../words/agentNamed.ts';
import { nameIn } from '../../words/names.ts';
import { refuseNoLog } from '../opened.ts';
import { acting, examples, type Setting, type Verb } from '../setting.ts';

interface Meant extends Left {
  readonly agentId?: string;
  readonly name: string;
}

async function meant(log: LogReader, target: string): Promise<Meant> {
  const state = await foldLog(log);
  const payload = payloadNamed(state, target);
  if (payload !== undefined) return { payloads: [payload], staying: 0, name: `${payload.what} ${payload.id}` };
  const agent = agentNamed(state, target);
  const { is } = statusOf(state, agent);
  if (agent.turnId !== undefined)
    throw new Refused('HOLDFAST_AGENT_BUSY', `${nameIn(state, agent)} is ${is}: its turn would go on without them`, {
      remedy: 'let its turn end first: `holdfast resume`, then `holdfast interrupt`',
    });
  const left = await leftBy(log, agent.agentId);
  const name = nameIn(state, agent);
  if (left.payloads.length === 0)
    throw new Refused('HOLDFAST_NOTHING_TO_FORGET', `all that ${name} left stands in the events themselves`, {
      remedy: 'texts below 64 KiB are part of the hash chain: they go when the log is deleted as a whole',
      details: { staying: left.staying },
    });
  return { ...left, agentId: agent.agentId, name };
}

async function act({ dir, out }: Setting, target: string, { reason }: { readonly reason: string }): Promise<void> {
  refuseNoLog(dir);
  const log = await openLog(dir);
  try {
    const { payloads, staying, agentId, name } = await meant(log, target);
    const parts = {
      ...{ log, clock: systemClock, newId },
      removeOutput: (processId: number) => removeSpool(dir, processId),
      removeSecret: (secret: string) => {
        const value = forgetSecret(dir, secret);
        if (value !== undefined) forgetCommands(dir, ({ command }) => command.some((word) => word.includes(value)));
      },
    };
    const of = agentId === undefined ? {} : { agentId: agentId as never };
    const answer = await forget(parts, { do: 'forget', payloads, reason, ...of });
    if (!answer.ok) {
      const { code, message, remedy, details } = answer.refusal;
      throw new Refused(code, message, { remedy, ...(details && { details }) });
    }
    const count = (what: Payload['what']): number => payloads.filter((payload) => payload.what === what).length;
    const counts = { blobs: count('blob'), outputs: count('output'), secrets: count('secret') };
    await out.show({ of: name, ...answer.answer, ...counts, staying }, () => [
      `forgotten of ${name}: ${counts.blobs} long texts, ${counts.outputs} outputs, ${counts.secrets} secrets`,
      ...(staying === 0
        ? []
        : [`not forgotten: the texts below 64 KiB in ${staying} events; they go when the log is deleted as a whole`]),
    ]);
  } finally {
    await log.close();
  }
}

export const forgetVerb: Verb = (program) => {
  program
    .command('forget')
    .description(
      'remove long texts, outputs and secrets of a log at rest from the disk; the log stays whole and says why',
    )
    .argument('<target>', 'an agent, the SHA-256 of a blob, the id of an ended process, or the name of a secret (s-1)')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .addHelpText(
      'after',
      examples(
        "forget /root/builder --reason 'the customer has asked for it'",
        "forget s-3 --reason 'the key was withdrawn'",
        "forget 1002 --reason 'it printed a password'",
      ),
    )
    .action(acting(act));
};

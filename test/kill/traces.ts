/** The main job with traces: every command, and every line typed into its terminal, leaves a line in a file when it is carried out. */
import type { FleetFile } from '../../events/fleetFile.ts';

/** What takes long and says nothing about kills. */
const quick: Readonly<Record<string, string>> = {
  check: 'sleep 0.6; echo no errors',
  files: 'sleep 0.2; echo 144',
  run: 'sleep 0.5; echo 18 passed',
  watch: 'while sleep 0.2; do echo tick; done',
  count: 'sleep 0.3; echo 147',
};

/** The line of one call; the agent's path and the call's id name it in the whole fleet. */
export const traceOf = (path: string, callId: string): string => `${path} ${callId}`;

const traced = (path: string, callId: string, command: string): string =>
  `echo '${traceOf(path, callId)}' >> "$HOLDFAST_TRACES"; ${command}`;

/** `real`: the commands as they are, else quicker ones of the same kinds. */
export function withTraces(fleet: FleetFile, real: boolean): { readonly fleet: FleetFile; readonly traces: string[] } {
  const traces: string[] = [];
  const scripts = Object.fromEntries(
    Object.entries(fleet.scripts ?? {}).map(([path, lists]) => [
      path,
      lists.map((list) => {
        if (!Array.isArray(list)) return list;
        return list.map((item) => {
          if (!('call' in item)) return item;
          const { id, args } = item;
          const given = item.call === 'exec_command' ? 'cmd' : item.call === 'write_stdin' ? 'chars' : undefined;
          const command = given && args[given];
          if (given === undefined || typeof command !== 'string' || command === '') return item;
          traces.push(traceOf(path, id));
          const done = real ? command : (quick[id] ?? command);
          return { ...item, args: { ...args, [given]: traced(path, id, done) } };
        });
      }),
    ]),
  );
  return { fleet: { ...fleet, scripts }, traces };
}

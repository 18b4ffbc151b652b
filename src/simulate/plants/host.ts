/** Process hosts as a planted defect has them. */
import type { HostDoor } from '../../engine/hostGate.ts';
import type { Host } from '../../host/port.ts';

/** Every host that the engine meets or launches, as a planted defect has it. */
export const hostsSeenThrough = (door: HostDoor, changed: ((host: Host) => Host) | undefined): HostDoor =>
  changed === undefined
    ? door
    : {
        ...door,
        connect: async () => {
          const host = await door.connect();
          return host && changed(host);
        },
        launch: async (hostId) => changed(await door.launch(hostId)),
      };

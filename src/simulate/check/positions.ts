/** I1: positions, stream versions, index and of are dense; at and epoch never decrease; causes come before effects. */
import type { Checker } from './checker.ts';
import { holds } from './violation.ts';

export function positions(): Checker {
  const versions = new Map<string, number>();
  let batch = 0;
  let of = 0;
  let left = 0;
  return {
    before: (picture, event) => {
      const { position, stream, streamVersion, at, epoch, cause } = event;
      holds(position === picture.position + 1, 'I1', position, () => `follows event ${picture.position}`);
      if (left === 0) {
        batch = position;
        of = event.of;
        left = of;
      }
      holds(
        event.batch === batch && event.index === position - batch && event.of === of,
        'I1',
        position,
        () => `says batch ${event.batch}, ${event.index} of ${event.of}, not ${batch}, ${position - batch} of ${of}`,
      );
      left -= 1;
      const version = (versions.get(stream) ?? 0) + 1;
      holds(streamVersion === version, 'I1', position, () => `${stream} is at ${version}, not ${streamVersion}`);
      versions.set(stream, version);
      holds(at >= picture.at, 'I1', position, () => 'its time is before the one of the event before it');
      if (event.type === 'EngineStarted' && position > 2)
        holds(epoch > picture.epoch, 'I1', position, () => 'a new life of the engine has a new epoch');
      else if (position > 1) holds(epoch === picture.epoch, 'I1', position, () => 'a life of the engine has one epoch');
      holds(cause < position, 'I1', position, () => `its cause, ${cause}, comes after it`);
    },
  };
}

/** Models that come with Holdfast keep the contract of the model port. */
import { describe, expect, test } from 'vitest';
import { modelContract } from '../../src/contract/model.ts';
import type { Sampling } from '../../src/models/port.ts';
import { scriptModel } from '../../src/models/script.ts';
import { kinds, modelAt, sampling, scripted } from './at.ts';

const asked = (path: string): Sampling => sampling({ path });

/** Time that does not pass. */
const still = { after: () => () => {} };

const newWorld = async () => ({
  model: scriptModel(
    { '/root': [[{ call: 'list_agents', id: 'c1', args: {} }, { say: 'done' }]], '/root/slow': [{ hang: true }] },
    still,
  ),
  answered: asked('/root'),
  slow: asked('/root/slow'),
});

modelContract('the script', newWorld, { describe, test, expect });

for (const kind of kinds) {
  const newServer = async () => {
    const { baseUrl } = await scripted({
      scripts: {
        '/root': [[{ call: 'list_agents', id: 'c1', args: {} }, { say: 'done' }]],
        '/root/slow': [{ hang: true }],
      },
    });
    return { model: modelAt(kind, baseUrl), answered: asked('/root'), slow: asked('/root/slow') };
  };
  modelContract(`a server that speaks ${kind}`, newServer, { describe, test, expect });
}

/** Models that come with Holdfast keep the contract of the model port. */
import { describe, expect, test } from 'vitest';
import { modelContract } from '../../src/contract/model.ts';
import type { Sampling } from '../../src/models/port.ts';
import { scriptModel } from '../../src/models/script.ts';
import { kinds, modelAt, scripted } from './at.ts';

const sampling = (path: string): Sampling => ({
  agentId: `id of ${path}`,
  path,
  rootName: 'root',
  rootId: 'id of the root',
  turnId: 'turn 1',
  position: 1,
  cwd: '/work',
  purpose: 'turn',
  overflows: 0,
  n: 1,
  model: 'script',
  history: [],
});

/** Time that does not pass. */
const still = { after: () => () => {} };

const newWorld = async () => ({
  model: scriptModel(
    { '/root': [[{ call: 'list_agents', id: 'c1', args: {} }, { say: 'done' }]], '/root/slow': [{ hang: true }] },
    still,
  ),
  answered: sampling('/root'),
  slow: sampling('/root/slow'),
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
    return { model: modelAt(kind, baseUrl), answered: sampling('/root'), slow: sampling('/root/slow') };
  };
  modelContract(`a server that speaks ${kind}`, newServer, { describe, test, expect });
}

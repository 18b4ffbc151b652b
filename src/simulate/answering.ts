/** Who answers in a world besides its own models: models of somebody else, and those that look at the task of who asks. */
import { Failure } from '../failure.ts';
import { type Model, taskRejectedCode } from '../models/port.ts';
import { type ModelWorld, notTaken } from './models.ts';
import type { WorldRegistrar } from './registrar.ts';

/** A model of somebody else's is held against the log like our own. */
export const watched = (model: Model, { asked }: ModelWorld): Model => ({
  ...(model.release && { release: (agentId) => model.release!(agentId) }),
  sample: (request, signal) => {
    asked(request);
    return model.sample(request, signal);
  },
});

/** A model of a registered fleet answers only whom the registrar knows. */
export const shown = (
  model: Model,
  registrar: WorldRegistrar,
  { asked, schedule }: ModelWorld,
  life: number,
): Model => ({
  ...(model.release && { release: (agentId) => model.release!(agentId) }),
  sample: async (request, signal) => {
    if (registrar.takes(request)) return model.sample(request, signal);
    asked(request);
    // It takes its time to look: meanwhile there may be another task.
    await new Promise<void>((looked) => {
      schedule.add('a model that looks at a task', registrar.looksForMs(), life, looked);
    });
    throw new Failure(taskRejectedCode, notTaken);
  },
});

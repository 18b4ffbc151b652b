/** The fleet as a whole: limits, lives of the engine, answers to keyed commands. */
import { append, emptyOrder, remove } from './order.ts';
import type { Reducers } from './reducers.ts';
import { table } from './table.ts';

/** MA7: this many keys are kept. */
export const answersKeptMax = 100_000;

export const fleet: Reducers = {
  FleetOpened: (draft, { data }) => {
    draft.fleet = {
      ...draft.fleet,
      fleetId: data.fleetId,
      format: data.format,
      limits: { ...data.limits },
      file: data.fleet,
      origin: data.origin,
      answers: table(),
      answerOrder: emptyOrder(),
    };
  },
  EngineStarted: (draft) => {
    draft.fleet.engine = 'started';
  },
  EngineStopped: (draft) => {
    draft.fleet.engine = 'stopped';
  },
  LimitsChanged: (draft, { data }) => {
    draft.fleet.limits = { ...draft.fleet.limits, ...data.limits };
  },
  PayloadForgotten: (draft, { data, position }) => {
    const forgotten = (draft.fleet.forgotten ??= table());
    forgotten[`${data.what}/${data.id}`] = position;
  },
  CommandAnswered: (draft, { data }) => {
    const { answers, answerOrder } = draft.fleet;
    const answered: { requestHash: string; answer?: unknown; refusal?: unknown } = { requestHash: data.requestHash };
    if (data.answer !== undefined) answered.answer = data.answer;
    if (data.refusal !== undefined) answered.refusal = data.refusal;
    answers[data.key] = answered;
    append(answerOrder, data.key);
    if (answerOrder.size > answersKeptMax) {
      const oldest = answerOrder.first!;
      remove(answerOrder, oldest);
      delete answers[oldest];
    }
  },
  CellCreated: (draft, { data }) => {
    draft.fleet.nextCellId = Math.max(draft.fleet.nextCellId, Number(data.cellId) + 1);
  },
  ProcessRequested: (draft, { data }) => {
    draft.fleet.nextProcessId = Math.max(draft.fleet.nextProcessId, data.processId + 1);
  },
};

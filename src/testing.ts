/** The simulated world for tests, name by name (`holdfast/testing`): fuzz your own models, and hold any log against the promises. */
export type { EventType, HoldfastEvent } from '../events/catalogue.ts';
export type { Model, ModelItem, Sampled, Sampling } from './models/port.ts';
export type { Checker } from './simulate/check/checker.ts';
export { Inspector } from './simulate/check/inspector.ts';
export { Picture } from './simulate/check/picture.ts';
export { holds, Violation } from './simulate/check/violation.ts';
export type { Coverage } from './simulate/coverage.ts';
export { described } from './simulate/describe.ts';
export { type FuzzCounts, type Fuzzed, type FuzzFailure, type FuzzOptions, fuzz, outcomeOf } from './simulate/fuzz.ts';
export { histories } from './simulate/histories.ts';
export { type History, historyOf, type Setup, type Step } from './simulate/history.ts';
export { plants } from './simulate/plants/registry.ts';
export { mix, Random } from './simulate/random.ts';
export { type Report, type RunOptions, runHistory } from './simulate/run.ts';
export type { Schedule } from './simulate/schedule.ts';
export { shrunk } from './simulate/shrink.ts';
export { type OwnModel, World } from './simulate/world.ts';

/** The simulated world for tests, name by name (`holdfast/testing`): fuzz what is yours, hold any log against the promises, prove an adapter. */
export type { EventType, HoldfastEvent } from '../events/catalogue.ts';
export { type HostWorld, hostContract } from './contract/host.ts';
export { type LogWorld, logContract } from './contract/log.ts';
export { type ModelWorld, modelContract } from './contract/model.ts';
export type { Expectation, Runner } from './contract/runner.ts';
export type { Exit, Host, StartRequest } from './host/port.ts';
export { type Listening, serveRegistrar } from './identity/listen.ts';
export { type RegistrarOptions, RegistrarServer } from './identity/server.ts';
export type { Log, LogReader } from './log/port.ts';
export type { Model, ModelItem, Sampled, Sampling } from './models/port.ts';
export {
  type Asked,
  type ScriptedListening,
  type ScriptedOptions,
  ScriptedServer,
  serveScripts,
  type WireFault,
} from './models/scripted.ts';
export type { Checker } from './simulate/check/checker.ts';
export { Inspector } from './simulate/check/inspector.ts';
export { Picture } from './simulate/check/picture.ts';
export { holds, Violation } from './simulate/check/violation.ts';
export type { Coverage } from './simulate/coverage.ts';
export { described } from './simulate/describe.ts';
export { type FuzzCounts, type Fuzzed, type FuzzFailure, type FuzzOptions, fuzz, outcomeOf } from './simulate/fuzz.ts';
export { histories, steps } from './simulate/histories.ts';
export { type History, historyOf, type Setup, type Step } from './simulate/history.ts';
export type { Course, Own, OwnCommand, OwnModel } from './simulate/own.ts';
export { plants } from './simulate/plants/registry.ts';
export { mix, Random } from './simulate/random.ts';
export { type Report, type RunOptions, runHistory } from './simulate/run.ts';
export type { Schedule } from './simulate/schedule.ts';
export { shrunk } from './simulate/shrink.ts';
export type { KindName } from './simulate/steps/kinds.ts';
export { World } from './simulate/world.ts';

/** The public surface, name by name. */
export type { EventType, HoldfastEvent } from '../events/catalogue.ts';
export type { Envelope } from '../events/envelope.ts';
export type { State } from '../projections/state.ts';
export { Failure } from './failure.ts';
export { Fleet, type FleetConfig, type OpenOptions, openFleet, type Result } from './fleet.ts';

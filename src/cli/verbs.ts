/** Every verb of the command line, in the order of the help. */
import { logVerb } from './log.ts';
import { operatorVerbs } from './operate.ts';
import { replayVerb } from './replay.ts';
import { resumeVerb } from './resume.ts';
import { runVerb } from './run.ts';
import type { Verb } from './setting.ts';
import { recordVerbs } from './verify.ts';

export const verbs: readonly Verb[] = [runVerb, resumeVerb, logVerb, replayVerb, ...recordVerbs, ...operatorVerbs];

/** Every verb of the command line, in the order of the help. */
import { attachVerb } from './attach/attach.ts';
import { benchVerb } from './bench.ts';
import { bisectVerb } from './bisect.ts';
import { cellVerb } from './cell.ts';
import { demoVerb } from './demo.ts';
import { diffVerb } from './diff.ts';
import { doctorVerb } from './doctor.ts';
import { forgetVerb } from './forget.ts';
import { fuzzVerb } from './fuzz.ts';
import { logVerb } from './log.ts';
import { operatorVerbs } from './operate.ts';
import { processVerbs } from './processVerbs.ts';
import { proofVerbs } from './proofs.ts';
import { psVerb } from './ps.ts';
import { registrarVerb } from './registrar.ts';
import { replayVerb } from './replay.ts';
import { reportVerb } from './reportFile.ts';
import { resumeVerb } from './resume.ts';
import { rolloutVerbs } from './rollout.ts';
import { runVerb } from './run.ts';
import type { Verb } from './setting.ts';
import { showVerb } from './show.ts';
import { stopHostVerb } from './stopHost.ts';
import { recordVerbs } from './verify.ts';
import { whyVerb } from './why.ts';

export const verbs: readonly Verb[] = [
  runVerb,
  resumeVerb,
  logVerb,
  showVerb,
  psVerb,
  reportVerb,
  replayVerb,
  whyVerb,
  ...recordVerbs,
  ...proofVerbs,
  diffVerb,
  bisectVerb,
  ...rolloutVerbs,
  ...operatorVerbs,
  ...processVerbs,
  forgetVerb,
  attachVerb,
  cellVerb,
  stopHostVerb,
  registrarVerb,
  fuzzVerb,
  benchVerb,
  doctorVerb,
  demoVerb,
];

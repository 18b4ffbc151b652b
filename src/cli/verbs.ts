/** Every verb of the command line, in the order of the help. */
import { attachVerb } from './attach/attach.ts';
import { demoVerb } from './fleets/demo.ts';
import { mcpVerb, serveVerb } from './fleets/mcp.ts';
import { resumeVerb } from './fleets/resume.ts';
import { runVerb } from './fleets/run.ts';
import { bisectVerb } from './history/bisect.ts';
import { diffVerb } from './history/diff.ts';
import { replayVerb } from './history/replay.ts';
import { benchVerb } from './machine/bench.ts';
import { doctorVerb } from './machine/doctor.ts';
import { fuzzVerb } from './machine/fuzz.ts';
import { registrarVerb } from './machine/registrar.ts';
import { answerVerb } from './operator/answer.ts';
import { budgetVerb } from './operator/budget.ts';
import { cellVerb } from './operator/cell.ts';
import { operatorVerbs } from './operator/operate.ts';
import { processVerbs } from './operator/processVerbs.ts';
import { psVerb } from './operator/ps.ts';
import { stopHostVerb } from './operator/stopHost.ts';
import { logVerb } from './questions/log.ts';
import { showVerb } from './questions/show.ts';
import { spansVerb } from './questions/spans.ts';
import { whyVerb } from './questions/why.ts';
import { rolloutVerbs } from './record/exportImport.ts';
import { forgetVerb } from './record/forget.ts';
import { proofVerbs } from './record/proofs.ts';
import { reportVerb } from './record/report.ts';
import { recordVerbs } from './record/verify.ts';
import type { Verb } from './setting.ts';

export const verbs: readonly Verb[] = [
  runVerb,
  resumeVerb,
  logVerb,
  showVerb,
  psVerb,
  reportVerb,
  spansVerb,
  replayVerb,
  whyVerb,
  ...recordVerbs,
  ...proofVerbs,
  diffVerb,
  bisectVerb,
  ...rolloutVerbs,
  answerVerb,
  budgetVerb,
  ...operatorVerbs,
  ...processVerbs,
  forgetVerb,
  attachVerb,
  cellVerb,
  stopHostVerb,
  mcpVerb,
  serveVerb,
  registrarVerb,
  fuzzVerb,
  benchVerb,
  doctorVerb,
  demoVerb,
];

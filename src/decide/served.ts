/** Who answers for an agent: recorded when it is spawned, without any key. */
import { type ModelConfig, openaiUrl } from '../../events/fleetFile.ts';

/** For `config` of AgentSpawned; nothing for a script. */
export function servedBy(
  models: Readonly<Record<string, ModelConfig>> | undefined,
  name: string,
): Record<string, unknown> {
  const config = models !== undefined && Object.hasOwn(models, name) ? models[name] : undefined;
  if (config === undefined || config.kind === 'script') return {};
  if (config.kind === 'sampling') {
    const { kind, model } = config;
    return { server: { kind, ...(model !== undefined && { model }) } };
  }
  const { kind, model = name, baseUrl = openaiUrl, effort } = config;
  return { server: { kind, model, baseUrl, ...(effort !== undefined && { effort }) } };
}

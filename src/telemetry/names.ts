/** Names of OpenTelemetry's conventions for generative AI (`gen_ai.*`, semantic conventions 1.37), and ours beside them. */
export const genAi = {
  operation: 'gen_ai.operation.name',
  agentId: 'gen_ai.agent.id',
  agentName: 'gen_ai.agent.name',
  conversation: 'gen_ai.conversation.id',
  model: 'gen_ai.request.model',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  tool: 'gen_ai.tool.name',
  call: 'gen_ai.tool.call.id',
} as const;

/** Values of `gen_ai.operation.name`. */
export const operations = { turn: 'invoke_agent', sampling: 'chat', call: 'execute_tool' } as const;

export const own = {
  position: 'holdfast.position',
  turn: 'holdfast.turn.id',
  outcome: 'holdfast.outcome',
  process: 'holdfast.process.id',
  cell: 'holdfast.cell.id',
  command: 'process.command_line',
  exitCode: 'process.exit.code',
  error: 'error.message',
} as const;

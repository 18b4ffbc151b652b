/**
 * Words that packed records know by number, so that a record of one event does not spell them. The order is part of the
 * format: words are only ever added at the end, and at most 256 in all.
 */
export const words: readonly string[] = (
  'engine operator fleet script /root root ok error refused cancelled indeterminate completed failed interrupted aborted ' +
  'recovered parked spawn followup turn continuation queued unpark message completion notice spawned unparked resumed ' +
  'attached lru memory closed requested pruned cleaned engine-stopped keep kill detached evicted all none text fields ' +
  'AgentSpawned AgentLoaded AgentEvicted UnloadAbandoned AgentClosed SlotReserved SlotCommitted SlotReleased SlotRefused ' +
  'TurnQueued TurnDequeued TurnStarted ModelSampled SamplingEnded ToolCallStarted ToolCallEnded TurnParked TurnUnparked ' +
  'TurnResumed HistoryCompacted TurnCompleted TurnFailed TurnInterrupted ApprovalAsked ApprovalAnswered MailAccepted ' +
  'MailConsumed MailReturned MailRejected ProcessRequested ProcessStarted ProcessLaunchFailed ProcessWritten ' +
  'ProcessDetached ProcessReattached ReattachSkipped ProcessStopRequested ProcessExited ProcessTerminated ProcessLost ' +
  'FleetOpened EngineStarted EngineStopped LimitsChanged CommandAnswered LimitRefused ' +
  'agentId rootId parentId reservationId turnId mailId queueId callId processId requestId hostId cellId refusalId ' +
  'reason purpose mailIds from to fromPath kind trigger ofTurn n items usage inputTokens outputTokens say call id args ' +
  'exec tool until outcome output read at position epoch path name depth role model effort cwd config wake ' +
  'forkedFrom turns interruptedBy note upTo summary retryInMs by wantedBy afterMs ahead code signal outputBytes ' +
  'outputHash place command tty onInterrupt pid group startTime bootId bytes hash writtenBy requestedBy wasAlive ' +
  'limit number holders wouldFree since details remedy key requestHash answer refusal limits version format origin ' +
  'exec_command write_stdin spawn_agent send_message followup_task wait_agent list_agents interrupt_agent close_agent ' +
  'list_processes stop_process cmd chars session_id yield_time_ms timeout_ms task_name target path_prefix agents ' +
  'agent_name agent_status last_task_message resident status running exit_code wall_time_seconds ' +
  'original_token_count chunk_id blob timed_out fork_turns is last told samplings task unread triggers'
).split(' ');

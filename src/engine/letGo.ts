/** Why models, tools and timers are told to let go. One for all: making it, with its stack, costs more than telling it. */
export const letGo = new DOMException('nobody waits for the result any more', 'AbortError');

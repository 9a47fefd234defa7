import { messageToJobSchema, type MessageFromJob } from './channel/protocol.ts';
import { isCancellation, toFailure } from './core/errors.ts';
import { uncompiled } from './core/parsing.ts';
import type { Progress, Run } from './core/run.ts';
import { perform } from './perform.ts';

/** What the job process hears and says: one request, one result. When the channel closes, the job cancels itself and cleans up. */
const progressIntervalMs = 100;
const cancelled = new AbortController();
const answers = new Map<number, (yes: boolean) => void>();
let questions = 0;
let lastProgress = 0;
let lastPhase = '';
let started = false;

function say(message: MessageFromJob, said: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, undefined, undefined, said);
  else said();
}

function sayProgress(progress: Progress): void {
  const now = performance.now();
  if (progress.phase === lastPhase && now - lastProgress < progressIntervalMs) return;
  lastProgress = now;
  lastPhase = progress.phase;
  say({ kind: 'progress', progress });
}

const run: Run = {
  signal: cancelled.signal,
  progress: sayProgress,
  log: (level, text) => say({ kind: 'log', level, text }),
  ask: (question) =>
    new Promise((resolve) => {
      if (!process.connected) return resolve(false);
      questions += 1;
      answers.set(questions, resolve);
      say({ kind: 'question', id: questions, question });
    }),
};

async function start(request: Parameters<typeof perform>[0]): Promise<void> {
  const last = await perform(request, run).then(
    (result): MessageFromJob => ({ kind: 'done', result }),
    (error: unknown): MessageFromJob => {
      if (isCancellation(error)) return { kind: 'cancelled' };
      const failure = toFailure(error);
      if (failure.code === 'unexpected') say({ kind: 'log', level: 'error', text: failure.sentence });
      return { kind: 'failed', failure };
    },
  );
  say(last, last.kind === 'cancelled' ? endAtOnce : () => process.exit(0));
}

/** `process.exit` would wait for a worker thread that is deep in SQLite; everything is cleaned up by now. */
function endAtOnce(): void {
  process.kill(process.pid, 'SIGKILL');
}

function stop(): void {
  if (!started) endAtOnce();
  cancelled.abort();
  for (const answer of answers.values()) answer(false);
  answers.clear();
}

process.on('message', (received) => {
  const message = messageToJobSchema.parse(received, uncompiled);
  switch (message.kind) {
    case 'start':
      started = true;
      return void start(message.request);
    case 'answer':
      answers.get(message.id)?.(message.yes);
      return void answers.delete(message.id);
    case 'cancel':
      return stop();
  }
});
process.on('disconnect', stop);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);

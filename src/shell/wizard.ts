import * as vscode from 'vscode';
import { turnedAway } from './shell.ts';

/** How a step ended: with more known, back to the step before, or closed. */
export type StepResult<Known> =
  { readonly kind: 'next'; readonly known: Known } | { readonly kind: 'back' } | { readonly kind: 'closed' };

/** Where a step stands among the others. Without `totalSteps` nobody knows yet how many there will be. */
export interface Place {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number | undefined;
}

/**
 * One question of several.
 *
 * Shape: `known` is what the questions before it found out; `draft` what was ever answered, those after it included.
 */
export type Step<Known> = (known: Known, draft: Known, place: Place) => Promise<StepResult<Known>>;

/** The questions that belong to what is known so far. `isComplete` once no answer adds further ones. */
export interface Steps<Known> {
  readonly steps: readonly Step<Known>[];
  readonly isComplete: boolean;
}

/** A row to pick. `answer` is what it says, or a further question; undefined from that one asks this step again. */
export type PickItem<Known> = vscode.QuickPickItem & { readonly answer: Known | (() => Promise<Known | undefined>) };

/**
 * Asks one question after the other, with Back. What was answered before is offered again.
 *
 * Errors: the abort reason when a question is closed.
 */
export async function askInSteps<Known>(title: string, start: Known, stepsFor: (known: Known) => Steps<Known>): Promise<Known> {
  const history: Known[] = [start];
  let draft = start;
  for (;;) {
    const known = history.at(-1);
    if (known === undefined) throw turnedAway();
    const { steps, isComplete } = stepsFor(known);
    const ask = steps[history.length - 1];
    if (ask === undefined) return known;
    const place = { title, step: history.length, totalSteps: isComplete ? steps.length : undefined };
    const result = await ask(known, draft, place);
    if (result.kind === 'closed') throw turnedAway();
    if (result.kind === 'back') {
      history.pop();
      continue;
    }
    history.push({ ...known, ...result.known });
    draft = { ...draft, ...result.known };
  }
}

/** A question with rows to pick from. */
export function pickStep<Known>(
  placeholder: string,
  itemsOf: (known: Known) => readonly PickItem<Known>[] | Promise<readonly PickItem<Known>[]>,
): Step<Known> {
  return async (known, draft, place) => {
    const pick = vscode.window.createQuickPick<PickItem<Known>>();
    Object.assign(pick, place, { placeholder, ignoreFocusOut: true, buttons: backButton(place) });
    pick.items = await itemsOf(known);
    const answer = await shown(pick, () => pick.selectedItems[0]?.answer);
    if (answer.kind !== 'next') return answer;
    const found = answer.known instanceof Function ? await answer.known() : answer.known;
    return found === undefined ? pickStep(placeholder, itemsOf)(known, draft, place) : { kind: 'next', known: found };
  };
}

/** A question for a text. `problemOf` says in one sentence what is wrong with it, while it is typed. */
export interface InputOptions<Known> {
  readonly prompt: string;
  readonly isSecret?: boolean;
  readonly suggest: (known: Known) => string;
  readonly problemOf: (text: string, known: Known) => string | undefined;
  readonly textOf: (known: Known) => string | undefined;
  readonly answerOf: (text: string) => Known;
}

/** A question for a text, checked while it is typed. */
export function inputStep<Known>({ prompt, isSecret = false, ...question }: InputOptions<Known>): Step<Known> {
  return async (known, draft, place) => {
    const { suggest, problemOf, textOf, answerOf } = question;
    const input = vscode.window.createInputBox();
    Object.assign(input, place, { prompt, ignoreFocusOut: true, buttons: backButton(place), password: isSecret });
    input.value = textOf(draft) ?? suggest(known);
    input.onDidChangeValue((text) => {
      input.validationMessage = problemOf(text, known);
    });
    return shown(input, () => {
      input.validationMessage = problemOf(input.value, known);
      return input.validationMessage === undefined ? answerOf(input.value) : undefined;
    });
  };
}

/** The Back button of every question but the first. */
export function backButton({ step }: Place): readonly vscode.QuickInputButton[] {
  return step === 1 ? [] : [vscode.QuickInputButtons.Back];
}

/** What a quick pick and an input box have in common and the types of VS Code do not say. */
interface Input extends vscode.QuickInput {
  readonly onDidAccept: vscode.Event<void>;
  readonly onDidTriggerButton: vscode.Event<vscode.QuickInputButton>;
}

/** Shows a question until it is answered, left by Back, or closed. An accepted value of undefined is no answer yet. */
export async function shown<Value>(input: Input, accept: () => Value | undefined): Promise<StepResult<Value>> {
  try {
    return await new Promise<StepResult<Value>>((resolve) => {
      input.onDidAccept(() => {
        const value = accept();
        if (value !== undefined) resolve({ kind: 'next', known: value });
      });
      input.onDidTriggerButton(() => resolve({ kind: 'back' }));
      input.onDidHide(() => resolve({ kind: 'closed' }));
      input.show();
    });
  } finally {
    input.dispose();
  }
}

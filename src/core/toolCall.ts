/**
 * A call of an external tool as a value, before it runs.
 *
 * Shape: `env` holds only what is set on top of the inherited environment; names in `secrets` are never shown.
 */
export interface ToolCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

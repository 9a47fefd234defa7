import { tokenize, tokenText, type Token } from './tokens.ts';

/** Reads a statement token by token. */
export class Cursor {
  readonly sql: Buffer;
  private readonly tokens: Iterator<Token>;
  private next: Token | undefined;

  constructor(sql: Buffer) {
    this.sql = sql;
    this.tokens = tokenize(sql);
    this.advance();
  }

  /** Where the next token begins; the end of the statement when there is none. */
  get at(): number {
    return this.next?.start ?? this.sql.length;
  }

  get isAtEnd(): boolean {
    return this.next === undefined;
  }

  /** Takes the next tokens when they are these words or symbols, in upper case; otherwise takes none of a single one. */
  take(...expected: readonly string[]): boolean {
    for (const text of expected) {
      if (this.next === undefined || !/^(word|symbol|number)$/.test(this.next.kind)) return false;
      if (tokenText(this.sql, this.next).toUpperCase() !== text) return false;
      this.advance();
    }
    return true;
  }

  /** The next token's text when it can be a name: a word, or anything in quotes. */
  takeName(): string | undefined {
    const kind = this.next?.kind;
    return kind === 'word' || kind === 'quoted' || kind === 'string' ? this.takeAny() : undefined;
  }

  /** The content of the next token when it is a string. */
  takeString(): string | undefined {
    return this.next?.kind === 'string' ? this.takeAny() : undefined;
  }

  /** A number with its sign, as written. */
  takeNumber(): string | undefined {
    const sign = this.take('-') ? '-' : '';
    if (this.next?.kind !== 'number') return undefined;
    return `${sign}${this.takeAny() ?? ''}`;
  }

  private takeAny(): string | undefined {
    if (this.next === undefined) return undefined;
    const text = tokenText(this.sql, this.next);
    this.advance();
    return text;
  }

  private advance(): void {
    const result = this.tokens.next();
    this.next = result.done === true ? undefined : result.value;
  }
}

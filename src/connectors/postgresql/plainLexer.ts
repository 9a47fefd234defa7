/** A statement as far as it matters: its first words in capitals, and whether it is a COPY that rows follow. */
export interface Statement {
  readonly words: readonly string[];
  readonly takesRows: boolean;
}

type Mode =
  | { readonly kind: 'normal' }
  | { readonly kind: 'text'; readonly escapes: boolean }
  | { readonly kind: 'name' }
  | { readonly kind: 'dollar'; readonly tag: string }
  | { readonly kind: 'comment'; readonly depth: number };

const normal: Mode = { kind: 'normal' };
const token = /\s+|--|\/\*|[eE]'|'|"|\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$|[A-Za-z_\x80-\xff][\w\x80-\xff$]*|[^]/y;

/**
 * Follows SQL line by line, as psql does, and says which statements end in each line. Texts are latin1, one character per byte.
 *
 * Source: psqlscan.l, also for bodies that are `BEGIN ATOMIC … END`, whose semicolons end no statement.
 */
export class PlainLexer {
  #mode: Mode = normal;
  #words: string[] = [];
  #depth = 0;
  #hasBackslashEscapes = false;
  #takesRows = false;

  /** Whether a statement may begin here: outside of quotes, comments and statements. */
  get isBetweenStatements(): boolean {
    return this.#mode.kind === 'normal' && this.#words.length === 0;
  }

  line(text: string): readonly Statement[] {
    const ended: Statement[] = [];
    if (this.isBetweenStatements && /^SET standard_conforming_strings = /i.test(text))
      this.#hasBackslashEscapes = /off/i.test(text);
    let at = 0;
    while (at < text.length)
      at = this.#mode.kind === 'normal' ? this.#normal(text, at, ended) : this.#quoted(text, at, this.#mode);
    return ended;
  }

  #normal(text: string, at: number, ended: Statement[]): number {
    token.lastIndex = at;
    const [found = ''] = token.exec(text) ?? [];
    const end = at + found.length;
    if (found === '--') return text.length;
    if (found === '/*') this.#mode = { kind: 'comment', depth: 1 };
    else if (found === "'") this.#mode = { kind: 'text', escapes: this.#hasBackslashEscapes };
    else if (found === "e'" || found === "E'") this.#mode = { kind: 'text', escapes: true };
    else if (found === '"') this.#mode = { kind: 'name' };
    else if (found.startsWith('$') && found.length > 1) this.#mode = { kind: 'dollar', tag: found };
    else if (found === ';') this.#semicolon(ended);
    else if (/^[A-Za-z_\x80-\xff]/.test(found)) this.#word(found.toUpperCase());
    if (this.#words.length === 0 && this.#mode.kind !== 'comment' && found !== ';' && found.trim() !== '') this.#words.push('');
    return end;
  }

  #word(word: string): void {
    const first = this.#words[0];
    if (this.#words.length < 6) this.#words.push(word);
    if (first === 'COPY' && word === 'STDIN') this.#takesRows = true;
    if (first !== 'CREATE' || !/^(OR|FUNCTION|PROCEDURE)$/.test(this.#words[1] ?? '')) return;
    if (word === 'BEGIN' || (word === 'CASE' && this.#depth > 0)) this.#depth += 1;
    else if (word === 'END' && this.#depth > 0) this.#depth -= 1;
  }

  #semicolon(ended: Statement[]): void {
    if (this.#depth > 0) return;
    if (this.#words.length > 0) ended.push({ words: this.#words, takesRows: this.#takesRows });
    this.#words = [];
    this.#takesRows = false;
  }

  #quoted(text: string, at: number, mode: Exclude<Mode, { kind: 'normal' }>): number {
    switch (mode.kind) {
      case 'text':
        return this.#endOfText(text, at, mode.escapes);
      case 'name':
        return this.#after(text, at, '"');
      case 'dollar':
        return this.#after(text, at, mode.tag);
      case 'comment':
        return this.#endOfComment(text, at, mode.depth);
    }
  }

  #after(text: string, at: number, mark: string): number {
    const end = text.indexOf(mark, at);
    if (end < 0) return text.length;
    this.#mode = normal;
    return end + mark.length;
  }

  #endOfText(text: string, at: number, escapes: boolean): number {
    if (!escapes) return this.#after(text, at, "'");
    for (let index = at; index < text.length; index += 1) {
      if (text[index] === '\\') index += 1;
      else if (text[index] === "'") {
        this.#mode = normal;
        return index + 1;
      }
    }
    return text.length;
  }

  #endOfComment(text: string, at: number, depth: number): number {
    const found = /\/\*|\*\//g;
    found.lastIndex = at;
    const mark = found.exec(text);
    if (mark === null) return text.length;
    const next = mark[0] === '/*' ? depth + 1 : depth - 1;
    this.#mode = next === 0 ? normal : { kind: 'comment', depth: next };
    return mark.index + 2;
  }
}

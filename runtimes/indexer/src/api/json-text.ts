/**
 * A JSON document as PostgreSQL wrote it. It is parsed only while an answer is written, and left again at once: as objects it takes up to ten
 * times as much memory.
 */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

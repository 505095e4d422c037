/** Questions that are asked before earlier ones are answered: which of the answers still count. */

export class Questions {
  #asked = 0;
  #answered = 0;

  /** Return the number of a question that is asked now. */
  next() {
    return (this.#asked += 1);
  }

  /**
   * Return whether nothing was asked after a question.
   *
   * @param {number} question
   */
  isLast(question) {
    return question === this.#asked;
  }

  /**
   * Take an answer, and return whether it counts: no later question was answered sooner.
   *
   * @param {number} question
   */
  takes(question) {
    if (question < this.#answered) return false;
    this.#answered = question;
    return true;
  }
}

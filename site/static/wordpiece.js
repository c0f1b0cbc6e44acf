// A text as the numbers of its tokens: BERT's tokenizer (lower case, no accents), as the course's encoder has it.
const LONGEST_WORD = 100; // characters; a longer one is unknown as a whole
const UNKNOWN = "[UNK]";
const PUNCTUATION = /[!-/:-@[-`{-~]|\p{P}/u;
const IDEOGRAPH = /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/u;

/** The words and signs of a text, each of which is cut into pieces by itself. */
export function words(text) {
  let spaced = "";
  for (const sign of text) {
    if (/[\t\n\r]|\p{Zs}/u.test(sign)) spaced += " ";
    else if (sign === "\0" || sign === "\ufffd" || /\p{C}/u.test(sign)) continue;
    else if (IDEOGRAPH.test(sign)) spaced += ` ${sign} `;
    else spaced += sign;
  }
  const plain = spaced.toLowerCase().normalize("NFD").replace(/\p{Mn}/gu, "");
  const found = [];
  for (const part of plain.split(/\s+/u)) {
    let word = "";
    for (const sign of part) {
      if (PUNCTUATION.test(sign)) {
        if (word) found.push(word);
        found.push(sign);
        word = "";
      } else {
        word += sign;
      }
    }
    if (word) found.push(word);
  }
  return found;
}

/** The tokens' numbers, without [CLS] and [SEP]. vocabulary: a Map from a piece to its number. */
export function tokenNumbers(text, vocabulary) {
  return words(text).flatMap(word => pieces([...word], vocabulary));
}

/** The longest pieces from left to right; all after the first are written with ##. */
function pieces(signs, vocabulary) {
  const unknown = [vocabulary.get(UNKNOWN)];
  if (signs.length > LONGEST_WORD) return unknown;
  const found = [];
  let start = 0;
  while (start < signs.length) {
    let end = signs.length;
    let number;
    for (; end > start; end--) {
      number = vocabulary.get((start ? "##" : "") + signs.slice(start, end).join(""));
      if (number !== undefined) break;
    }
    if (end === start) return unknown;
    found.push(number);
    start = end;
  }
  return found;
}

// What the search puts first: pages that explain, then Python, then C, then what is of the project alone.
"use strict";

var Scorer = {
  score: ([docname, , , , score]) => {
    if (docname.startsWith("project/") || docname === "promises") return score - 4;
    if (docname === "reference/c" || docname === "reference/cpp") return score - 8;
    return docname.startsWith("reference/") ? score : score + 2;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

import js from "@eslint/js";
import globals from "globals";

const unsafe = [
  ...["innerHTML", "outerHTML", "srcdoc"].map((name) => `AssignmentExpression[left.property.name=${name}]`),
  "CallExpression[callee.property.name=insertAdjacentHTML]",
  "CallExpression[callee.object.name=document][callee.property.name=write]",
];

export default [
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: globals.browser },
    rules: {
      eqeqeq: "error",
      "no-control-regex": "off", // texts of runs have control characters, which are looked for
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-restricted-syntax": ["error", ...unsafe.map((selector) => ({ selector, message: "data are never markup" }))],
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
];

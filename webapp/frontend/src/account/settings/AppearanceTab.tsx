import { useId, useState, type ReactNode } from "react";

import { TEXTS as APP_TEXTS } from "../../app/texts";
import { THEMES, useTheme, type ThemeChoice } from "../../app/theme";
import { chosenLanguage, LANGUAGES, setLanguage, useTexts, type Language } from "../../i18n";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

type LanguageChoice = Language | "browser";

/** How pages look and what they speak, in this browser. */
export function AppearanceTab(): ReactNode {
  const texts = useTexts(TEXTS);
  const { themes } = useTexts(APP_TEXTS);
  const [theme, setTheme] = useTheme();
  const [language, choose] = useState<LanguageChoice>(() => chosenLanguage() ?? "browser");
  const languages: Readonly<Record<LanguageChoice, string>> = { browser: texts.languageBrowser, ...LANGUAGES };
  return (
    <Section title={texts.appearance} text={texts.appearanceText}>
      <Choices<ThemeChoice> legend={texts.theme} chosen={theme} choices={THEMES.map((choice) => [choice, themes[choice]])} onChoose={setTheme} />
      <Choices<LanguageChoice>
        legend={texts.language}
        chosen={language}
        choices={Object.entries(languages) as [LanguageChoice, string][]}
        onChoose={(choice) => {
          choose(choice);
          setLanguage(choice === "browser" ? null : choice);
        }}
      />
    </Section>
  );
}

interface ChoicesProps<Choice extends string> {
  readonly legend: string;
  readonly chosen: Choice;
  readonly choices: readonly (readonly [Choice, string])[];
  readonly onChoose: (choice: Choice) => void;
}

function Choices<Choice extends string>({ legend, chosen, choices, onChoose }: ChoicesProps<Choice>): ReactNode {
  const name = useId();
  return (
    <fieldset>
      <legend className={styles.legend}>{legend}</legend>
      <div className={styles.choices}>
        {choices.map(([choice, label]) => (
          <label key={choice} className={styles.choice}>
            <input
              type="radio"
              name={name}
              value={choice}
              checked={choice === chosen}
              onChange={() => {
                onChoose(choice);
              }}
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

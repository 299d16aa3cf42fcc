import type { ReactNode } from "react";
import { encode } from "uqr";

import styles from "./settings.module.css";

/** Light modules around the code, as ISO/IEC 18004 asks for: phones look for them. */
const QUIET = 4;

/** A text as a QR code, dark on light in every theme. In a file of its own, because few people ever need the encoder. */
export default function QrCode({ text, label }: { text: string; label: string }): ReactNode {
  const { data, size } = encode(text, { border: QUIET });
  const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return (
    <svg className={styles.qr} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path d={dark.join("")} />
    </svg>
  );
}

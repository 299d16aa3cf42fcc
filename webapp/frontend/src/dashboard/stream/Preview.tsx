import { useCallback, type ReactNode } from "react";

import type { Channel } from "../../api/types";
import { Stage } from "../../watch/stage/Stage";

void import("hls.js").catch(() => undefined); // needed in a moment

export interface PreviewProps {
  readonly login: string;
  readonly channel: Channel;
  readonly refresh: (afterS: number) => void;
}

/** The player as viewers have it, without sound. */
export default function Preview({ login, channel, refresh }: PreviewProps): ReactNode {
  const nothing = useCallback(() => undefined, []);
  return <Stage login={login} channel={channel} failed={false} refresh={refresh} onViewers={nothing} onOver={nothing} theatre={null} subscribe={null} muted />;
}

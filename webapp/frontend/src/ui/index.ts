/** Everything that pages are built of. */

export { Button, ButtonLink, IconButton, type ButtonProps, type IconButtonProps } from "./Button";
export { cx } from "./cx";
export { Dialog, type DialogProps } from "./Dialog";
export { Checkbox, Field, Select, Switch, TextArea, TextField, type FieldTexts, type Wiring } from "./Field";
export { hue } from "./hue";
export { Icon, type IconName } from "./Icon";
export { Menu, type MenuItem, type MenuProps } from "./Menu";
export { Avatar, Badge, Empty, ErrorNote, LiveBadge, Skeleton, Time, Uptime, type Pictured } from "./Parts";
export { Spinner, SpinnerPage } from "./Spinner";
export { TabLinks, Tabs, type Tab } from "./Tabs";
export { toast, Toasts, useToast, type Toast } from "./Toasts";
export { Tooltip } from "./Tooltip";
export { useMutationOnce } from "./useMutationOnce";
export { useNow } from "./useNow";

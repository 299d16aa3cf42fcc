// Made by `npm run api`; not to be edited.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Problem
         * @description Why a request was not answered.
         */
        Problem: {
            title: string;
            status: number;
            detail: string;
            error: string;
            message: string;
            reason?: string;
        };
        /**
         * Nothing
         * @description No path parameters, no query, or no body.
         */
        Nothing: Record<string, never>;
        /**
         * Site
         * @description What a front end needs to know of this site.
         */
        Site: {
            name: string;
            description: string;
            announcement: string;
            version: string;
            /** Format: date-time */
            server_time: string;
            urls: {
                [key: string]: string;
            };
            /** @enum {unknown} */
            registration: "closed" | "invite" | "open";
            features: {
                [key: string]: boolean;
            };
            limits: {
                [key: string]: number;
            };
            subscriptions: components["schemas"]["SubscriptionsSold"];
        };
        /**
         * SubscriptionsSold
         * @description How subscriptions are paid for.
         */
        SubscriptionsSold: {
            /** @enum {unknown} */
            provider: "grant" | "stripe";
            currency: string;
            prices: {
                [key: string]: number;
            };
        };
        /**
         * StreamsQuery
         * @description Which streams. Of values of one parameter any, of several parameters all must fit.
         */
        StreamsQuery: {
            /** @default [] */
            user_id: number[];
            /** @default [] */
            user_login: string[];
            /** @default [] */
            game_id: number[];
            /** @default [] */
            language: string[];
            /** @default [] */
            tag: string[];
            /** @default [] */
            type: ("all" | "live")[];
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[Stream]
         * @description One page of a list.
         */
        Page_Stream_: {
            data: components["schemas"]["Stream"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * Stream
         * @description One live stream.
         */
        Stream: {
            id: string;
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            user_name: string;
            game_id: string;
            game_name: string;
            /** @enum {unknown} */
            type: "live";
            title: string;
            tags: string[];
            viewer_count: number;
            /** Format: date-time */
            started_at: string;
            language: string;
            is_mature: boolean;
            thumbnail_url?: string;
        };
        /**
         * Pagination
         * @description How to go on; without `cursor` this is the last page.
         */
        Pagination: {
            cursor?: string;
        };
        /**
         * BroadcastsPath
         * @description Whose broadcasts.
         */
        BroadcastsPath: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
        };
        /**
         * PageQuery
         * @description Which page of a list.
         */
        PageQuery: {
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[PastBroadcast]
         * @description One page of a list.
         */
        Page_PastBroadcast_: {
            data: components["schemas"]["PastBroadcast"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * PastBroadcast
         * @description A broadcast that is over.
         */
        PastBroadcast: {
            id: string;
            title: string;
            game_id: string;
            game_name: string;
            /** Format: date-time */
            started_at: string;
            /** Format: date-time */
            ended_at: string;
            duration_s: number;
            end_reason: string;
            peak_viewers: number;
            average_viewers: number | null;
            reconnects: number;
            video_codec?: string | null;
            audio_codec?: string | null;
            width?: number | null;
            height?: number | null;
            fps?: number | null;
            encoder?: string | null;
            message_count?: number | null;
            new_followers?: number | null;
        };
        /**
         * BroadcastPath
         * @description Which broadcast.
         */
        BroadcastPath: {
            /** Format: uuid */
            id: string;
        };
        /**
         * Data[StreamViewers]
         * @description A list that comes whole, often of one.
         */
        Data_StreamViewers_: {
            data: components["schemas"]["StreamViewers"][];
        };
        /**
         * StreamViewers
         * @description Who watched a broadcast, in numbers.
         */
        StreamViewers: {
            stream_id: string;
            viewer_count: number;
            peak_viewers: number;
            average_viewers: number | null;
            samples: components["schemas"]["Viewers"][];
        };
        /**
         * Viewers
         * @description How many watched at a time.
         */
        Viewers: {
            /** Format: date-time */
            at: string;
            viewer_count: number;
        };
        /**
         * HealthQuery
         * @description How much of it.
         */
        HealthQuery: {
            /**
             * @description Up to now, or up to its end; beyond 60 one reading a minute.
             * @default 10
             */
            minutes: number;
        };
        /**
         * Data[StreamHealth]
         * @description A list that comes whole, often of one.
         */
        Data_StreamHealth_: {
            data: components["schemas"]["StreamHealth"][];
        };
        /**
         * StreamHealth
         * @description How a broadcast does, or did.
         */
        StreamHealth: {
            stream_id: string;
            /** @enum {string} */
            status: "good" | "ok" | "bad" | "noData";
            readings: components["schemas"]["HealthReading"][];
            issues: components["schemas"]["HealthIssue"][];
        };
        /**
         * HealthReading
         * @description How a broadcast was doing at a time. Without video, what follows about it is `null`.
         */
        HealthReading: {
            /** Format: date-time */
            at: string;
            /** @enum {string} */
            status: "good" | "ok" | "bad" | "noData";
            kbps: number;
            video_kbps: number;
            audio_kbps: number;
            fps: number | null;
            keyframe_interval_s: number | null;
            missing_frames: number;
            dropped: number;
            undecodable: number;
            jitter_s: number;
            behind_s: number;
            round_trip_ms: number | null;
            reconnects: number;
        };
        /**
         * HealthIssue
         * @description What the streamer was told to change, in words.
         */
        HealthIssue: {
            type: string;
            /** @enum {string} */
            severity: "info" | "warning" | "error";
            reason: string;
            description: string;
            /** Format: date-time */
            started_at: string;
            ended_at: string | null;
        };
        /**
         * ChannelPath
         * @description Which channel; in any case of letters.
         */
        "webapp.channel_access.ChannelPath": {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
        };
        /**
         * Data[ChannelIngest]
         * @description A list that comes whole, often of one.
         */
        Data_ChannelIngest_: {
            data: components["schemas"]["ChannelIngest"][];
        };
        /**
         * ChannelIngest
         * @description What arrives from the encoder of a channel.
         */
        ChannelIngest: {
            /** @enum {string} */
            state: "offline" | "connecting" | "live" | "refused";
            since: string | null;
            stream_id: string | null;
            is_connected: boolean;
            /** @enum {string} */
            status: "good" | "ok" | "bad" | "noData";
            encoder: string | null;
            video_codec: string | null;
            audio_codec: string | null;
            width: number | null;
            height: number | null;
            fps: number | null;
            reading: components["schemas"]["HealthReading"] | null;
            issues: components["schemas"]["HealthIssue"][];
            last_refusal: components["schemas"]["Refusal"] | null;
        };
        /**
         * Refusal
         * @description An encoder that was sent away.
         */
        Refusal: {
            /** Format: date-time */
            at: string;
            description: string;
            encoder: string;
        };
        /**
         * SeriesPath
         * @description Which broadcast of which channel.
         */
        SeriesPath: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
            /** @description Of a broadcast, or `current`: what is live. */
            id: string;
        };
        /**
         * SeriesQuery
         * @description Which graphs.
         */
        SeriesQuery: {
            /**
             * @description One or more of viewers, chatters, messages, bitrate, fps, keyframe_interval, dropped, with commas between them.
             * @default viewers
             */
            name: string;
            /**
             * @description How many at most in each graph.
             * @default 300
             */
            points: number;
        };
        /**
         * SeriesAnswer
         * @description Graphs of a broadcast.
         */
        SeriesAnswer: {
            data: components["schemas"]["Series"][];
            stream_id: string;
            /** Format: date-time */
            started_at: string;
            ended_at: string | null;
        };
        /**
         * Series
         * @description One graph.
         */
        Series: {
            name: string;
            unit: string;
            points: [
                number,
                number | null
            ][];
        };
        /**
         * Page[Activity]
         * @description One page of a list.
         */
        Page_Activity_: {
            data: components["schemas"]["Activity"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * Activity
         * @description One thing that happened. What does not belong to its type is `null`.
         */
        Activity: {
            id: string;
            /** @enum {string} */
            type: "follow" | "subscription" | "resubscription" | "gift" | "raid";
            /** Format: date-time */
            at: string;
            user_id: string | null;
            user_login: string | null;
            user_name: string | null;
            tier: string | null;
            months: number | null;
            count: number | null;
            recipient_id: string | null;
            recipient_login: string | null;
            recipient_name: string | null;
            viewers: number | null;
        };
        /**
         * PersonPath
         * @description Somebody, in a channel.
         */
        PersonPath: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
            id: number;
        };
        /**
         * Data[UserCard]
         * @description A list that comes whole, often of one.
         */
        Data_UserCard_: {
            data: components["schemas"]["UserCard"][];
        };
        /**
         * UserCard
         * @description Somebody, as the moderators of a channel see them.
         */
        UserCard: {
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            user_name: string;
            profile_image_url: string;
            description: string;
            /** Format: date-time */
            created_at: string;
            is_suspended: boolean;
            followed_at: string | null;
            roles: string[];
            tier: string | null;
            months: number;
            ban: components["schemas"]["Ban"] | null;
            warning: string | null;
            suspicion: string;
            counts: components["schemas"]["CardCounts"];
            has_notes: boolean;
            acts: components["schemas"]["Deed"][];
        };
        /**
         * Ban
         * @description A ban, or a timeout, that holds.
         */
        Ban: {
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            user_name: string;
            /** Format: date-time */
            created_at: string;
            expires_at: string | null;
            reason: string;
            moderator_id: string | null;
            moderator_login: string | null;
            moderator_name: string | null;
        };
        /**
         * CardCounts
         * @description How much there was of somebody in the channel; of each at most 10 000.
         */
        CardCounts: {
            messages: number;
            deleted: number;
            warnings: number;
            timeouts: number;
            bans: number;
        };
        /**
         * Deed
         * @description One deed. It is never changed, and outlives who did it.
         */
        Deed: {
            /** Format: uuid */
            id: string;
            /** Format: date-time */
            created_at: string;
            actor_type: string;
            actor_id: string | null;
            actor_login: string | null;
            broadcaster_id: string | null;
            broadcaster_login: string | null;
            action: string;
            target_type: string | null;
            target_id: string | null;
            details: Record<string, never>;
        };
        /**
         * Data[Notes]
         * @description A list that comes whole, often of one.
         */
        Data_Notes_: {
            data: components["schemas"]["Notes"][];
        };
        /**
         * Notes
         * @description What the moderators of a channel noted about somebody, together.
         */
        Notes: {
            text: string;
            version: number;
            updated_at: string | null;
            moderator_id: string | null;
            moderator_login: string | null;
            moderator_name: string | null;
        };
        /**
         * NewNotes
         * @description What they are to be.
         */
        NewNotes: {
            /** @description '' removes them. */
            text: string;
            version: number;
        };
        /**
         * GamesQuery
         * @description Which categories.
         */
        GamesQuery: {
            /** @default [] */
            id: number[];
            /** @default [] */
            name: string[];
        };
        /**
         * Data[Category]
         * @description A list that comes whole, often of one.
         */
        Data_Category_: {
            data: components["schemas"]["Category"][];
        };
        /**
         * Category
         * @description What streams are about.
         */
        Category: {
            /** @description A number, as text. */
            id: string;
            name: string;
            slug: string;
            box_art_url: string;
        };
        /**
         * Page[LiveGame]
         * @description One page of a list.
         */
        Page_LiveGame_: {
            data: components["schemas"]["LiveGame"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * LiveGame
         * @description A category, and what is live in it, of listed streams.
         */
        LiveGame: {
            /** @description A number, as text. */
            id: string;
            name: string;
            slug: string;
            box_art_url: string;
            live_channels: number;
            viewer_count: number;
        };
        /**
         * SearchQuery
         * @description What is looked for.
         */
        "webapp.category_routes.SearchQuery": {
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
            /** @description Words, or how they begin. */
            query: string;
        };
        /**
         * Page[Category]
         * @description One page of a list.
         */
        Page_Category_: {
            data: components["schemas"]["Category"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * SearchChannelsQuery
         * @description What is looked for, and whether it must be live.
         */
        SearchChannelsQuery: {
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
            /** @default false */
            live_only: boolean;
            /** @description Words, or how they begin. */
            query: string;
        };
        /**
         * Page[FoundBroadcaster]
         * @description One page of a list.
         */
        Page_FoundBroadcaster_: {
            data: components["schemas"]["FoundBroadcaster"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * FoundBroadcaster
         * @description A channel that a search found.
         */
        FoundBroadcaster: {
            /** @description A number, as text. */
            id: string;
            broadcaster_login: string;
            display_name: string;
            broadcaster_language: string;
            game_id: string;
            game_name: string;
            title: string;
            tags: string[];
            follower_count: number;
            is_live: boolean;
            viewer_count: number | null;
            started_at: string | null;
        };
        /**
         * FollowPath
         * @description Which channel.
         */
        FollowPath: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
        };
        /**
         * Wish
         * @description How to follow.
         */
        Wish: {
            /** @default true */
            notify: boolean;
        };
        /**
         * Data[Following]
         * @description A list that comes whole, often of one.
         */
        Data_Following_: {
            data: components["schemas"]["Following"][];
        };
        /**
         * Following
         * @description A channel as somebody follows it.
         */
        Following: {
            /** @description A number, as text. */
            broadcaster_id: string;
            broadcaster_login: string;
            broadcaster_name: string;
            /** Format: date-time */
            followed_at: string;
            notify: boolean;
        };
        /**
         * CountedPage[FollowerOfChannel]
         * @description One page of a list whose length is known.
         */
        CountedPage_FollowerOfChannel_: {
            data: components["schemas"]["FollowerOfChannel"][];
            total: number;
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * FollowerOfChannel
         * @description One who follows a channel.
         */
        FollowerOfChannel: {
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            user_name: string;
            /** Format: date-time */
            followed_at: string;
        };
        /**
         * FollowsQuery
         * @description Which of the followed channels.
         */
        FollowsQuery: {
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
            /** @default false */
            live_only: boolean;
            /** @default null */
            broadcaster_login: string | null;
        };
        /**
         * CountedPage[FollowedBroadcaster]
         * @description One page of a list whose length is known.
         */
        CountedPage_FollowedBroadcaster_: {
            data: components["schemas"]["FollowedBroadcaster"][];
            total: number;
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * FollowedBroadcaster
         * @description A channel that somebody follows, and what is on there.
         */
        FollowedBroadcaster: {
            /** @description A number, as text. */
            broadcaster_id: string;
            broadcaster_login: string;
            broadcaster_name: string;
            /** Format: date-time */
            followed_at: string;
            notify: boolean;
            title: string;
            game_id: string;
            game_name: string;
            is_live: boolean;
            viewer_count: number | null;
            started_at: string | null;
        };
        /**
         * SignUp
         * @description A new account.
         */
        SignUp: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
            password: string;
            /** @default null */
            email: string | null;
            /** @default null */
            invitation: string | null;
        };
        /**
         * Data[Account]
         * @description A list that comes whole, often of one.
         */
        Data_Account_: {
            data: components["schemas"]["Account"][];
        };
        /**
         * Account
         * @description An account as its owner sees it.
         */
        Account: {
            /** @description A number, as text. */
            id: string;
            login: string;
            display_name: string;
            /** @enum {unknown} */
            type: "" | "admin" | "staff";
            description: string;
            profile_image_url: string;
            /** Format: date-time */
            created_at: string;
            is_bot: boolean;
            chat_color: string;
            email?: string | null;
            email_verified?: boolean;
        };
        /**
         * UsersQuery
         * @description Which accounts.
         */
        UsersQuery: {
            /** @default [] */
            id: number[];
            /** @default [] */
            login: string[];
        };
        /**
         * Data[User]
         * @description A list that comes whole, often of one.
         */
        Data_User_: {
            data: components["schemas"]["User"][];
        };
        /**
         * User
         * @description An account as everybody sees it.
         */
        User: {
            /** @description A number, as text. */
            id: string;
            login: string;
            display_name: string;
            /** @enum {unknown} */
            type: "" | "admin" | "staff";
            description: string;
            profile_image_url: string;
            /** Format: date-time */
            created_at: string;
            is_bot: boolean;
        };
        /**
         * ProfileChange
         * @description What is to change; what is left out stays as it is.
         */
        ProfileChange: {
            display_name?: string;
            description?: string;
            is_bot?: boolean;
            chat_color?: string;
        };
        /**
         * Export
         * @description All that is stored about an account, by table; secrets are stored as hashes, and left out.
         */
        Export: {
            data: {
                [key: string]: Record<string, never>[];
            };
        };
        /**
         * Deletion
         * @description What shows that somebody means it.
         */
        Deletion: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
            /** @description The one of now. */
            password: string;
        };
        /**
         * LogIn
         * @description Who wants in.
         */
        LogIn: {
            login: string;
            /** @description The one of now. */
            password: string;
            /** @default null */
            code: string | null;
        };
        /**
         * Data[Session]
         * @description A list that comes whole, often of one.
         */
        Data_Session_: {
            data: components["schemas"]["Session"][];
        };
        /**
         * Session
         * @description One browser that is logged in.
         */
        Session: {
            /** @description A number, as text. */
            id: string;
            current: boolean;
            network: string;
            user_agent: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_seen_at: string;
            /** Format: date-time */
            expires_at: string;
        };
        /**
         * SessionPath
         * @description Which session.
         */
        SessionPath: {
            id: number;
        };
        /**
         * SetUp
         * @description The first administrator.
         */
        SetUp: {
            /** @description From the link; works once. */
            token: string;
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
            password: string;
        };
        /**
         * PasswordChange
         * @description From which password to which.
         */
        PasswordChange: {
            /** @description The one of now. */
            current: string;
            password: string;
        };
        /**
         * PasswordReset
         * @description A new password for the account that a link was made for.
         */
        PasswordReset: {
            /** @description From the link; works once. */
            token: string;
            password: string;
        };
        /**
         * Data[TotpState]
         * @description A list that comes whole, often of one.
         */
        Data_TotpState_: {
            data: components["schemas"]["TotpState"][];
        };
        /**
         * TotpState
         * @description Whether logging in needs a code.
         */
        TotpState: {
            enabled: boolean;
            recovery_codes: number;
        };
        /**
         * Confirmation
         * @description The password, again.
         */
        Confirmation: {
            /** @description The one of now. */
            password: string;
        };
        /**
         * Data[TotpOffer]
         * @description A list that comes whole, often of one.
         */
        Data_TotpOffer_: {
            data: components["schemas"]["TotpOffer"][];
        };
        /**
         * TotpOffer
         * @description What an authenticator app needs; it counts once a code of it was sent.
         */
        TotpOffer: {
            secret: string;
            uri: string;
        };
        /**
         * GivenCode
         * @description What shows that an app has the secret.
         */
        GivenCode: {
            code: string;
        };
        /**
         * Data[RecoveryCodes]
         * @description A list that comes whole, often of one.
         */
        Data_RecoveryCodes_: {
            data: components["schemas"]["RecoveryCodes"][];
        };
        /**
         * RecoveryCodes
         * @description Codes for the day the phone is gone, shown this once; each works once.
         */
        RecoveryCodes: {
            recovery_codes: string[];
        };
        /**
         * EmailChange
         * @description Another address.
         */
        EmailChange: {
            /** @description The one of now. */
            password: string;
            email: string | null;
        };
        /**
         * Verification
         * @description What came by e-mail.
         */
        Verification: {
            /** @description From the link; works once. */
            token: string;
        };
        /**
         * ResetRequest
         * @description Who forgot the password.
         */
        ResetRequest: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
        };
        /**
         * Page[Token]
         * @description One page of a list.
         */
        Page_Token_: {
            data: components["schemas"]["Token"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * Token
         * @description A token as its owner sees it.
         */
        Token: {
            /** @description A number, as text. */
            id: string;
            label: string;
            last4: string;
            scopes: string[];
            /** Format: date-time */
            created_at: string;
            last_used_at: string | null;
            expires_at: string | null;
            access_token?: string;
        };
        /**
         * NewToken
         * @description The token that is wanted.
         */
        NewToken: {
            scopes: ("channel:manage:broadcast" | "channel:manage:emotes" | "channel:manage:moderators" | "channel:manage:polls" | "channel:manage:raids" | "channel:manage:stream_key" | "channel:manage:subscriptions" | "channel:manage:vips" | "channel:moderate" | "channel:read:analytics" | "channel:read:editors" | "channel:read:polls" | "channel:read:stream_key" | "channel:read:subscriptions" | "channel:read:vips" | "chat:edit" | "chat:read" | "moderation:read" | "moderator:manage:announcements" | "moderator:manage:automod" | "moderator:manage:banned_users" | "moderator:manage:blocked_terms" | "moderator:manage:chat_messages" | "moderator:manage:chat_settings" | "moderator:manage:shield_mode" | "moderator:manage:suspicious_users" | "moderator:manage:unban_requests" | "moderator:manage:warnings" | "moderator:read:blocked_terms" | "moderator:read:chat_messages" | "moderator:read:chat_settings" | "moderator:read:followers" | "moderator:read:shield_mode" | "moderator:read:suspicious_users" | "moderator:read:unban_requests" | "user:edit" | "user:manage:blocked_users" | "user:manage:follows" | "user:read:blocked_users" | "user:read:chat" | "user:read:email" | "user:read:emotes" | "user:read:follows" | "user:read:moderated_channels" | "user:read:subscriptions" | "user:write:chat")[];
            /**
             * @description What it is for, in words of your own.
             * @default
             */
            label: string;
            /** @default null */
            expires_in_days: number | null;
        };
        /**
         * Data[Token]
         * @description A list that comes whole, often of one.
         */
        Data_Token_: {
            data: components["schemas"]["Token"][];
        };
        /**
         * Data[TokenInfo]
         * @description A list that comes whole, often of one.
         */
        Data_TokenInfo_: {
            data: components["schemas"]["TokenInfo"][];
        };
        /**
         * TokenInfo
         * @description What a program may want to know of the token it uses.
         */
        TokenInfo: {
            /** @description A number, as text. */
            user_id: string;
            login: string;
            scopes: string[];
            expires_at: string | null;
        };
        /**
         * TokenPath
         * @description Which token.
         */
        TokenPath: {
            id: number;
        };
        /**
         * StreamPath
         * @description Which broadcast.
         */
        "webapp.presence_routes.StreamPath": {
            /** Format: uuid */
            id: string;
        };
        /**
         * Sign
         * @description What a page that plays says.
         */
        Sign: {
            /** @description Made up at random by the player, anew each time. */
            id: string;
            /**
             * @description It plays no more.
             * @default false
             */
            leaving: boolean;
        };
        /**
         * Presence
         * @description What it hears.
         */
        Presence: {
            viewer_count: number;
            /** @description Say it again after so many seconds; who is silent for three times as long is gone. */
            interval_s: number;
        };
        /**
         * Page[App]
         * @description One page of a list.
         */
        Page_App_: {
            data: components["schemas"]["App"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * App
         * @description An app as its owner sees it.
         */
        App: {
            client_id: string;
            name: string;
            redirect_uris: string[];
            /** @enum {unknown} */
            type: "confidential" | "public";
            /** Format: date-time */
            created_at: string;
            client_secret?: string;
        };
        /**
         * NewApp
         * @description The app that is wanted.
         */
        NewApp: {
            /** @description As people are asked about it. */
            name: string;
            /**
             * @description Where people come back to: https, or http on the user's own machine (then with any port).
             * @default []
             */
            redirect_uris: string[];
            /**
             * @default confidential
             * @enum {unknown}
             */
            type: "confidential" | "public";
        };
        /**
         * Data[App]
         * @description A list that comes whole, often of one.
         */
        Data_App_: {
            data: components["schemas"]["App"][];
        };
        /**
         * AppPath
         * @description Which app.
         */
        AppPath: {
            client_id: string;
        };
        /**
         * AppChange
         * @description What is to be different; what is left out stays.
         */
        AppChange: {
            /** @default null */
            name: string | null;
            /** @default null */
            redirect_uris: string[] | null;
        };
        /**
         * Page[Connection]
         * @description One page of a list.
         */
        Page_Connection_: {
            data: components["schemas"]["Connection"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * Connection
         * @description An app that may act for you.
         */
        Connection: {
            /** @description A number, as text. */
            id: string;
            client_id: string;
            name: string;
            owner_login: string;
            scopes: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            allowed_at: string;
            last_used_at: string | null;
        };
        /**
         * Page[StreamKey]
         * @description One page of a list.
         */
        Page_StreamKey_: {
            data: components["schemas"]["StreamKey"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * StreamKey
         * @description A stream key as its owner sees it.
         */
        StreamKey: {
            /** @description A number, as text. */
            id: string;
            label: string;
            last4: string;
            /** Format: date-time */
            created_at: string;
            last_used_at: string | null;
            revoked_at: string | null;
            stream_key?: string;
        };
        /**
         * NewKey
         * @description The key that is wanted.
         */
        NewKey: {
            /**
             * @description What it is for, in words of your own.
             * @default
             */
            label: string;
        };
        /**
         * Data[StreamKey]
         * @description A list that comes whole, often of one.
         */
        Data_StreamKey_: {
            data: components["schemas"]["StreamKey"][];
        };
        /**
         * KeyPath
         * @description Which key.
         */
        KeyPath: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
            id: number;
        };
        /**
         * Data[Channel]
         * @description A list that comes whole, often of one.
         */
        Data_Channel_: {
            data: components["schemas"]["Channel"][];
        };
        /**
         * Channel
         * @description One channel, and what is on there.
         */
        Channel: {
            /** @description A number, as text. */
            broadcaster_id: string;
            broadcaster_login: string;
            broadcaster_name: string;
            broadcaster_language: string;
            game_id: string;
            game_name: string;
            title: string;
            tags: string[];
            content_classification_labels: string[];
            is_mature: boolean;
            panels: components["schemas"]["Panel"][];
            offline_image_url: string;
            visibility: string;
            follower_count: number;
            is_live: boolean;
            stream_id: string | null;
            started_at: string | null;
            viewer_count?: number;
            hls_url?: string;
        };
        /**
         * Panel
         * @description One box below the player, as its owner typed it; nothing in it is HTML.
         */
        Panel: {
            /** @default  */
            title: string;
            /**
             * @description Markdown, as its source.
             * @default
             */
            text: string;
            /** @default null */
            image: string | null;
            /** @default null */
            link: string | null;
        };
        /**
         * ChannelChange
         * @description What is to change; what is left out stays as it is.
         */
        ChannelChange: {
            title?: string;
            /** @description Of a category; '' takes the channel out of its category. */
            game_id?: string;
            /** @description BCP 47: en, pt-BR, zh-Hant; '' for none. */
            broadcaster_language?: string;
            tags?: string[];
            content_classification_labels?: ("DebatedSocialIssuesAndPolitics" | "DrugsIntoxication" | "Gambling" | "MatureGame" | "ProfanityVulgarity" | "SexualThemes" | "ViolentGraphic")[];
            is_mature?: boolean;
            panels?: components["schemas"]["Panel"][];
            /** @enum {unknown} */
            visibility?: "followers" | "password" | "public" | "subs" | "unlisted";
            was?: components["schemas"]["ChannelFacts"];
            password?: string;
        };
        /**
         * ChannelFacts
         * @description What a channel is to the knowledge of who changes it; what is left out is not looked at.
         */
        ChannelFacts: {
            title?: string;
            /** @description Of a category; '' takes the channel out of its category. */
            game_id?: string;
            /** @description BCP 47: en, pt-BR, zh-Hant; '' for none. */
            broadcaster_language?: string;
            tags?: string[];
            content_classification_labels?: ("DebatedSocialIssuesAndPolitics" | "DrugsIntoxication" | "Gambling" | "MatureGame" | "ProfanityVulgarity" | "SexualThemes" | "ViolentGraphic")[];
            is_mature?: boolean;
            panels?: components["schemas"]["Panel"][];
            /** @enum {unknown} */
            visibility?: "followers" | "password" | "public" | "subs" | "unlisted";
        };
        /**
         * WatchedPath
         * @description Which channel; in any case of letters.
         */
        WatchedPath: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
        };
        /**
         * TicketWish
         * @description What opens the channel, beside who asks.
         */
        TicketWish: {
            /** @default null */
            password: string | null;
        };
        /**
         * PlayTicketTold
         * @description A ticket was given, in a cookie; what it says is for the media nodes.
         */
        PlayTicketTold: {
            /** Format: date-time */
            expires_at: string;
            expires_in: number;
            hls_url: string;
        };
        /**
         * Data[ChatSettings]
         * @description A list that comes whole, often of one.
         */
        Data_ChatSettings_: {
            data: components["schemas"]["ChatSettings"][];
        };
        /**
         * ChatSettings
         * @description How a channel's chat is set. Times are null while what they are for is off.
         *
         *         Only moderators are told of its delay, and how it moderates itself.
         */
        ChatSettings: {
            /** @enum {unknown} */
            automod_caps?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_repetition?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_length?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_symbols?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_zalgo?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_profanity?: "high" | "low" | "medium" | "off";
            /**
             * @description Whether what is found waits for a moderator, or is refused.
             * @enum {unknown}
             */
            automod_action?: "drop" | "hold";
            /**
             * @description Whose messages are not looked at, beside those of who stands above them.
             * @enum {unknown}
             */
            automod_spares?: "moderators" | "subscribers" | "vips";
            automod_fails_closed?: boolean;
            /**
             * @description `hold`: what strangers write alike is found; `shield`: and shield mode is switched on.
             * @enum {unknown}
             */
            raid_guard?: "hold" | "off" | "shield";
            /** @description Messages a second above which everybody is slowed; 0: never. */
            crowd_slow_rate?: number;
            /** @description Messages a second that viewers' pages are told at most; 0: all. */
            sampling_rate?: number;
            /** @description A number, as text. */
            broadcaster_id: string;
            emote_mode: boolean;
            follower_mode: boolean;
            follower_mode_duration: number | null;
            slow_mode: boolean;
            slow_mode_wait_time: number | null;
            subscriber_mode: boolean;
            unique_chat_mode: boolean;
            subscriber_slow_mode_wait_time: number | null;
            verified_email_mode: boolean;
            /** @description 0: none. */
            account_age_minimum: number;
            /** @enum {unknown} */
            verification_spares: "moderators" | "subscribers" | "vips";
            /** @enum {unknown} */
            links_from: "everyone" | "moderators" | "subscribers" | "vips";
            non_moderator_chat_delay?: boolean;
            non_moderator_chat_delay_duration?: number | null;
        };
        /**
         * SettingsWish
         * @description What is to change, and what it is to the knowledge of who changes it.
         */
        SettingsWish: {
            emote_mode?: boolean;
            follower_mode?: boolean;
            /** @description Minutes that somebody must have followed. */
            follower_mode_duration?: number;
            slow_mode?: boolean;
            /** @description Seconds between two messages of one person. */
            slow_mode_wait_time?: number;
            subscriber_mode?: boolean;
            unique_chat_mode?: boolean;
            subscriber_slow_mode_wait_time?: number | null;
            verified_email_mode?: boolean;
            /** @description 0: none. */
            account_age_minimum?: number;
            /** @enum {unknown} */
            verification_spares?: "moderators" | "subscribers" | "vips";
            /** @enum {unknown} */
            links_from?: "everyone" | "moderators" | "subscribers" | "vips";
            non_moderator_chat_delay?: boolean;
            /** @enum {unknown} */
            non_moderator_chat_delay_duration?: 2 | 4 | 6;
            was?: components["schemas"]["ChatSettingsChange"];
            /** @enum {unknown} */
            automod_caps?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_repetition?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_length?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_symbols?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_zalgo?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_profanity?: "high" | "low" | "medium" | "off";
            /**
             * @description Whether what is found waits for a moderator, or is refused.
             * @enum {unknown}
             */
            automod_action?: "drop" | "hold";
            /**
             * @description Whose messages are not looked at, beside those of who stands above them.
             * @enum {unknown}
             */
            automod_spares?: "moderators" | "subscribers" | "vips";
            automod_fails_closed?: boolean;
            /**
             * @description `hold`: what strangers write alike is found; `shield`: and shield mode is switched on.
             * @enum {unknown}
             */
            raid_guard?: "hold" | "off" | "shield";
            /** @description Messages a second above which everybody is slowed; 0: never. */
            crowd_slow_rate?: number;
            /** @description Messages a second that viewers' pages are told at most; 0: all. */
            sampling_rate?: number;
        };
        /**
         * ChatSettingsChange
         * @description What is to change; what is left out stays as it is.
         */
        ChatSettingsChange: {
            emote_mode?: boolean;
            follower_mode?: boolean;
            /** @description Minutes that somebody must have followed. */
            follower_mode_duration?: number;
            slow_mode?: boolean;
            /** @description Seconds between two messages of one person. */
            slow_mode_wait_time?: number;
            subscriber_mode?: boolean;
            unique_chat_mode?: boolean;
            subscriber_slow_mode_wait_time?: number | null;
            verified_email_mode?: boolean;
            /** @description 0: none. */
            account_age_minimum?: number;
            /** @enum {unknown} */
            verification_spares?: "moderators" | "subscribers" | "vips";
            /** @enum {unknown} */
            links_from?: "everyone" | "moderators" | "subscribers" | "vips";
            non_moderator_chat_delay?: boolean;
            /** @enum {unknown} */
            non_moderator_chat_delay_duration?: 2 | 4 | 6;
            /** @enum {unknown} */
            automod_caps?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_repetition?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_length?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_symbols?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_zalgo?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_profanity?: "high" | "low" | "medium" | "off";
            /**
             * @description Whether what is found waits for a moderator, or is refused.
             * @enum {unknown}
             */
            automod_action?: "drop" | "hold";
            /**
             * @description Whose messages are not looked at, beside those of who stands above them.
             * @enum {unknown}
             */
            automod_spares?: "moderators" | "subscribers" | "vips";
            automod_fails_closed?: boolean;
            /**
             * @description `hold`: what strangers write alike is found; `shield`: and shield mode is switched on.
             * @enum {unknown}
             */
            raid_guard?: "hold" | "off" | "shield";
            /** @description Messages a second above which everybody is slowed; 0: never. */
            crowd_slow_rate?: number;
            /** @description Messages a second that viewers' pages are told at most; 0: all. */
            sampling_rate?: number;
        };
        /**
         * SearchQuery
         * @description Which messages.
         */
        "webapp.chat_history_routes.SearchQuery": {
            /** @default null */
            user: string | null;
            /** @default null */
            text: string | null;
            /** @default null */
            since: string | null;
            /** @default null */
            until: string | null;
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[ChatMessage]
         * @description One page of a list.
         */
        Page_ChatMessage_: {
            data: components["schemas"]["ChatMessage"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * ChatMessage
         * @description What somebody said. Names are those of now.
         */
        ChatMessage: {
            /** Format: uuid */
            message_id: string;
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            user_name: string;
            color: string;
            badges: components["schemas"]["Badge"][];
            text: string;
            fragments: components["schemas"]["Fragment"][];
            is_action: boolean;
            reply: components["schemas"]["Reply"] | null;
            /** Format: date-time */
            sent_at: string;
            stream_id: string | null;
            stream_offset_ms: number | null;
            deleted_at?: string | null;
            deleted_by_id?: string | null;
            deleted_by_login?: string | null;
        };
        /**
         * Badge
         * @description A badge beside a name.
         */
        Badge: {
            set_id: string;
            id: string;
            info: string;
        };
        /**
         * Fragment
         * @description A piece of a message, as in the JSON protocol of chat; the texts of all, joined, are its text.
         */
        Fragment: {
            type: string;
            text: string;
            emote?: Record<string, never>;
            mention?: Record<string, never>;
        };
        /**
         * Reply
         * @description The message that is answered. Null: its author, or itself, is gone.
         */
        Reply: {
            /** Format: uuid */
            parent_message_id: string;
            parent_message_body: string | null;
            /** @description A number, as text. */
            parent_user_id: string;
            parent_user_login: string | null;
            parent_user_name: string | null;
            thread_message_id: string;
        };
        /**
         * StreamPath
         * @description Which broadcast.
         */
        "webapp.chat_history_routes.StreamPath": {
            /** Format: uuid */
            id: string;
        };
        /**
         * ReplayQuery
         * @description From where on.
         */
        ReplayQuery: {
            /**
             * @description Since the broadcast began; for the first page.
             * @default 0
             */
            offset_ms: number;
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Data[ShieldMode]
         * @description A list that comes whole, often of one.
         */
        Data_ShieldMode_: {
            data: components["schemas"]["ShieldMode"][];
        };
        /**
         * ShieldMode
         * @description A channel's shield mode.
         */
        ShieldMode: {
            is_active: boolean;
            moderator_id: string;
            moderator_login: string;
            moderator_name: string;
            last_changed_at: string | null;
            preset: components["schemas"]["ShieldPreset"];
        };
        /**
         * ShieldPreset
         * @description What shield mode sets; what is left out it leaves alone.
         */
        ShieldPreset: {
            emote_mode?: boolean;
            follower_mode?: boolean;
            /** @description Minutes that somebody must have followed. */
            follower_mode_duration?: number;
            slow_mode?: boolean;
            /** @description Seconds between two messages of one person. */
            slow_mode_wait_time?: number;
            subscriber_mode?: boolean;
            unique_chat_mode?: boolean;
            subscriber_slow_mode_wait_time?: number | null;
            verified_email_mode?: boolean;
            /** @description 0: none. */
            account_age_minimum?: number;
            /** @enum {unknown} */
            verification_spares?: "moderators" | "subscribers" | "vips";
            /** @enum {unknown} */
            links_from?: "everyone" | "moderators" | "subscribers" | "vips";
            non_moderator_chat_delay?: boolean;
            /** @enum {unknown} */
            non_moderator_chat_delay_duration?: 2 | 4 | 6;
            /** @enum {unknown} */
            automod_caps?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_repetition?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_length?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_symbols?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_zalgo?: "high" | "low" | "medium" | "off";
            /** @enum {unknown} */
            automod_profanity?: "high" | "low" | "medium" | "off";
            /**
             * @description Whether what is found waits for a moderator, or is refused.
             * @enum {unknown}
             */
            automod_action?: "drop" | "hold";
            /**
             * @description Whose messages are not looked at, beside those of who stands above them.
             * @enum {unknown}
             */
            automod_spares?: "moderators" | "subscribers" | "vips";
            automod_fails_closed?: boolean;
            /**
             * @description `hold`: what strangers write alike is found; `shield`: and shield mode is switched on.
             * @enum {unknown}
             */
            raid_guard?: "hold" | "off" | "shield";
            /** @description Messages a second above which everybody is slowed; 0: never. */
            crowd_slow_rate?: number;
            /** @description Messages a second that viewers' pages are told at most; 0: all. */
            sampling_rate?: number;
        };
        /**
         * ShieldChange
         * @description The switch, the preset, or both.
         */
        ShieldChange: {
            is_active?: boolean;
            preset?: components["schemas"]["ShieldPreset"];
            preset_was?: components["schemas"]["ShieldPreset"];
        };
        /**
         * Page[BlockedTerm]
         * @description One page of a list.
         */
        Page_BlockedTerm_: {
            data: components["schemas"]["BlockedTerm"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * BlockedTerm
         * @description What nobody but moderators may write.
         */
        BlockedTerm: {
            /** @description A number, as text. */
            id: string;
            text: string;
            is_regex: boolean;
            moderator_id: string;
            /** Format: date-time */
            created_at: string;
            expires_at: string | null;
        };
        /**
         * NewTerms
         * @description One term, or several.
         */
        NewTerms: {
            /** @description A phrase; * stands for any letters of a word. */
            text?: string;
            /** @default [] */
            texts: string[];
            /** @default false */
            is_regex: boolean;
            duration_seconds?: number | null;
        };
        /**
         * Data[BlockedTerm]
         * @description A list that comes whole, often of one.
         */
        Data_BlockedTerm_: {
            data: components["schemas"]["BlockedTerm"][];
        };
        /**
         * TermPath
         * @description Which term of which channel.
         */
        TermPath: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
            id: number;
        };
        /**
         * BansQuery
         * @description Which bans.
         */
        BansQuery: {
            /** @default null */
            user_id: number | null;
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[Ban]
         * @description One page of a list.
         */
        Page_Ban_: {
            data: components["schemas"]["Ban"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * BanBody
         * @description As Helix wraps it.
         */
        BanBody: {
            data: components["schemas"]["NewBan"];
        };
        /**
         * NewBan
         * @description Whom to ban.
         */
        NewBan: {
            /** @description A number, as text. */
            user_id: string;
            /** @default null */
            duration: number | null;
            /**
             * @description For moderators.
             * @default
             */
            reason: string;
        };
        /**
         * Data[Ban]
         * @description A list that comes whole, often of one.
         */
        Data_Ban_: {
            data: components["schemas"]["Ban"][];
        };
        /**
         * WhoQuery
         * @description Who is meant.
         */
        WhoQuery: {
            user_id: number;
        };
        /**
         * WhichMessages
         * @description What goes: one message, all of a person, or (without either) all there is.
         */
        WhichMessages: {
            /** @default null */
            message_id: string | null;
            /** @default null */
            user_id: number | null;
        };
        /**
         * WarningBody
         * @description As Helix wraps it.
         */
        WarningBody: {
            data: components["schemas"]["NewWarning"];
        };
        /**
         * NewWarning
         * @description Whom to warn, and why.
         */
        NewWarning: {
            /** @description A number, as text. */
            user_id: string;
            /** @description The person is told. */
            reason: string;
        };
        /**
         * Page[SuspiciousUser]
         * @description One page of a list.
         */
        Page_SuspiciousUser_: {
            data: components["schemas"]["SuspiciousUser"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * SuspiciousUser
         * @description Somebody whom moderators watch.
         */
        SuspiciousUser: {
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            user_name: string;
            moderator_id: string | null;
            status: string;
            /** Format: date-time */
            updated_at: string;
        };
        /**
         * NewSuspicion
         * @description Whom to watch, and how.
         */
        NewSuspicion: {
            /** @description A number, as text. */
            user_id: string;
            /** @enum {unknown} */
            status: "ACTIVE_MONITORING" | "RESTRICTED";
        };
        /**
         * Page[HeldMessage]
         * @description One page of a list.
         */
        Page_HeldMessage_: {
            data: components["schemas"]["HeldMessage"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * HeldMessage
         * @description A message that waits for a moderator.
         */
        HeldMessage: {
            /** Format: uuid */
            message_id: string;
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            user_name: string;
            message: string;
            held_for: string;
            category: string;
            /** Format: date-time */
            held_at: string;
            /** Format: date-time */
            expires_at: string;
        };
        /**
         * EntryPath
         * @description One thing that waits in a channel.
         */
        EntryPath: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
            /** Format: uuid */
            id: string;
        };
        /**
         * Decision
         * @description What becomes of it.
         */
        Decision: {
            /** @enum {unknown} */
            action: "ALLOW" | "DENY";
        };
        /**
         * RequestsQuery
         * @description Which requests.
         */
        RequestsQuery: {
            /**
             * @default pending
             * @enum {unknown}
             */
            status: "acknowledged" | "approved" | "canceled" | "denied" | "pending";
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[Request]
         * @description One page of a list.
         */
        Page_Request_: {
            data: components["schemas"]["Request"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * Request
         * @description A request to be unbanned.
         */
        Request: {
            /** Format: uuid */
            id: string;
            /** @description A number, as text. */
            broadcaster_id: string;
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            user_name: string;
            text: string;
            status: string;
            /** Format: date-time */
            created_at: string;
            moderator_id: string | null;
            moderator_login: string | null;
            moderator_name: string | null;
            resolved_at: string | null;
            resolution_text: string;
        };
        /**
         * NewRequest
         * @description Why you should be unbanned.
         */
        NewRequest: {
            text: string;
        };
        /**
         * Data[Request]
         * @description A list that comes whole, often of one.
         */
        Data_Request_: {
            data: components["schemas"]["Request"][];
        };
        /**
         * ResolutionBody
         * @description The answer.
         */
        ResolutionBody: {
            /** @enum {unknown} */
            status: "approved" | "denied";
            /**
             * @description What the person is told.
             * @default
             */
            resolution_text: string;
        };
        /**
         * NewAnnouncement
         * @description What to announce.
         */
        NewAnnouncement: {
            message: string;
            /**
             * @default primary
             * @enum {unknown}
             */
            color: "blue" | "green" | "orange" | "primary" | "purple";
        };
        /**
         * Data[PinnedMessage]
         * @description A list that comes whole, often of one.
         */
        Data_PinnedMessage_: {
            data: components["schemas"]["PinnedMessage"][];
        };
        /**
         * PinnedMessage
         * @description The message that is pinned, as it was said.
         */
        PinnedMessage: {
            /** Format: uuid */
            message_id: string;
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            user_name: string;
            text: string;
            pinned_by_id: string | null;
            pinned_by_login: string | null;
            pinned_by_name: string | null;
            /** Format: date-time */
            pinned_at: string;
            ends_at: string | null;
        };
        /**
         * NewPin
         * @description What to pin.
         */
        NewPin: {
            /** Format: uuid */
            message_id: string;
            /** @default null */
            duration: number | null;
        };
        /**
         * Page[Poll]
         * @description One page of a list.
         */
        Page_Poll_: {
            data: components["schemas"]["Poll"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * Poll
         * @description A poll as it stands.
         */
        Poll: {
            /** Format: uuid */
            id: string;
            /** @description A number, as text. */
            broadcaster_id: string;
            title: string;
            choices: components["schemas"]["Choice"][];
            status: string;
            duration: number;
            /** Format: date-time */
            started_at: string;
            /** Format: date-time */
            ends_at: string;
            ended_at: string | null;
        };
        /**
         * Choice
         * @description What can be voted for.
         */
        Choice: {
            id: string;
            title: string;
            votes: number;
        };
        /**
         * NewPoll
         * @description A poll that is to begin.
         */
        NewPoll: {
            title: string;
            choices: components["schemas"]["NewChoice"][];
            /** @description How long it takes votes. */
            duration: number;
        };
        /**
         * NewChoice
         * @description A choice of a new poll.
         */
        NewChoice: {
            title: string;
        };
        /**
         * Data[Poll]
         * @description A list that comes whole, often of one.
         */
        Data_Poll_: {
            data: components["schemas"]["Poll"][];
        };
        /**
         * PollEnd
         * @description What becomes of a poll.
         */
        PollEnd: {
            /** Format: uuid */
            id: string;
            /** @enum {unknown} */
            status: "ARCHIVED" | "TERMINATED";
        };
        /**
         * NewRaid
         * @description Where to.
         */
        NewRaid: {
            /** @description A number, as text. */
            to_broadcaster_id: string;
        };
        /**
         * Data[Raid]
         * @description A list that comes whole, often of one.
         */
        Data_Raid_: {
            data: components["schemas"]["Raid"][];
        };
        /**
         * Raid
         * @description A raid that waits to go.
         */
        Raid: {
            id: string;
            /** @description A number, as text. */
            to_broadcaster_id: string;
            to_broadcaster_login: string;
            to_broadcaster_name: string;
            viewers: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            goes_at: string;
        };
        /**
         * Data[RaidSettings]
         * @description A list that comes whole, often of one.
         */
        Data_RaidSettings_: {
            data: components["schemas"]["RaidSettings"][];
        };
        /**
         * RaidSettings
         * @description Which raids a channel takes.
         */
        RaidSettings: {
            /** @enum {unknown} */
            raids_from: "everyone" | "followed" | "nobody";
            /** @description Of the channel that raids; 0: any. */
            raids_min_viewers: number;
        };
        /**
         * RaidSettingsChange
         * @description What is to change; what is left out stays as it is.
         */
        RaidSettingsChange: {
            /** @default null */
            raids_from: ("everyone" | "followed" | "nobody") | null;
            /** @default null */
            raids_min_viewers: number | null;
            /** @default null */
            was: components["schemas"]["RaidFacts"] | null;
        };
        /**
         * RaidFacts
         * @description How they are set to the knowledge of who changes them; what is left out is not looked at.
         */
        RaidFacts: {
            /** @default null */
            raids_from: ("everyone" | "followed" | "nobody") | null;
            /** @default null */
            raids_min_viewers: number | null;
        };
        /**
         * RolesQuery
         * @description Which roles, and which page of them.
         */
        RolesQuery: {
            /** @default null */
            role: ("editor" | "moderator" | "vip") | null;
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[RoleHeld]
         * @description One page of a list.
         */
        Page_RoleHeld_: {
            data: components["schemas"]["RoleHeld"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * RoleHeld
         * @description A role that the caller has in a channel.
         */
        RoleHeld: {
            /** @description A number, as text. */
            broadcaster_id: string;
            broadcaster_login: string;
            broadcaster_name: string;
            role: string;
        };
        /**
         * Page[RoleHolder]
         * @description One page of a list.
         */
        Page_RoleHolder_: {
            data: components["schemas"]["RoleHolder"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * RoleHolder
         * @description Somebody who has a role in a channel.
         */
        RoleHolder: {
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            user_name: string;
            /** Format: date-time */
            created_at: string;
        };
        /**
         * HolderPath
         * @description Whose role in which channel.
         */
        HolderPath: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
            /** @description 3 to 25 letters, digits or underscores. */
            user_login: string;
        };
        /**
         * Page[Block]
         * @description One page of a list.
         */
        Page_Block_: {
            data: components["schemas"]["Block"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * Block
         * @description Somebody who is blocked.
         */
        Block: {
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            display_name: string;
            /** Format: date-time */
            created_at: string;
        };
        /**
         * BlockPath
         * @description Whom.
         */
        BlockPath: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
        };
        /**
         * Data[Picture]
         * @description A list that comes whole, often of one.
         */
        Data_Picture_: {
            data: components["schemas"]["Picture"][];
        };
        /**
         * Picture
         * @description A picture as it was stored.
         */
        Picture: {
            name: string;
            url: string;
            width: number;
            height: number;
        };
        /**
         * ChannelPath
         * @description Whose channel.
         */
        "webapp.asset_routes.ChannelPath": {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
        };
        /**
         * EmoteList
         * @description Emotes, all of them.
         */
        EmoteList: {
            data: components["schemas"]["Emote"][];
            /** @description Where any emote's picture is: put in `{{id}}`, a `{{format}}`, a `{{theme_mode}}` and a `{{scale}}` of it. */
            template: string;
        };
        /**
         * Emote
         * @description An emote.
         */
        Emote: {
            /** @description A number, as text. */
            id: string;
            name: string;
            images: components["schemas"]["Images"];
            animated_images: components["schemas"]["Images"] | null;
            tier: string;
            /** @enum {unknown} */
            emote_type: "follower" | "globals" | "none" | "subscriptions";
            /** @description A number, as text. */
            emote_set_id: string;
            /** @description A number, as text. */
            owner_id: string;
            format: ("animated" | "static")[];
            scale: ("1.0" | "2.0" | "3.0")[];
            theme_mode: ("dark" | "light")[];
        };
        /**
         * Images
         * @description The same picture in three sizes.
         */
        Images: {
            url_1x: string;
            url_2x: string;
            url_4x: string;
        };
        /**
         * SetsQuery
         * @description Which sets.
         */
        SetsQuery: {
            emote_set_id: string[];
        };
        /**
         * UsableQuery
         * @description Where, and which page.
         */
        UsableQuery: {
            /** @default null */
            channel: string | null;
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * EmotePage
         * @description One page of emotes.
         */
        EmotePage: {
            data: components["schemas"]["Emote"][];
            /** @description Where any emote's picture is: put in `{{id}}`, a `{{format}}`, a `{{theme_mode}}` and a `{{scale}}` of it. */
            template: string;
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * OwnEmotes
         * @description All emotes of a channel, and what their codes begin with.
         */
        OwnEmotes: {
            data: components["schemas"]["OwnEmote"][];
            prefix: string;
            most: number;
        };
        /**
         * OwnEmote
         * @description An emote as those see it who keep it.
         */
        OwnEmote: {
            /** @description A number, as text. */
            id: string;
            name: string;
            images: components["schemas"]["Images"] | null;
            animated_images: components["schemas"]["Images"] | null;
            /** @enum {unknown} */
            tier: "" | "1000" | "2000" | "3000" | "follower";
            /** @enum {unknown} */
            status: "approved" | "pending" | "rejected";
            reason: string;
            /** Format: date-time */
            created_at: string;
        };
        /**
         * PrefixChange
         * @description What codes are to begin with.
         */
        PrefixChange: {
            /** @description 3 to 10 letters and digits, lower case, a letter first. */
            prefix: string;
        };
        /**
         * NewEmoteQuery
         * @description What the picture that follows is to be.
         */
        NewEmoteQuery: {
            /** @description Letters and digits. Of a channel's emote the prefix may be left out: `Love` becomes `annaLove`. */
            code: string;
            /**
             * @default
             * @enum {unknown}
             */
            tier: "" | "1000" | "2000" | "3000" | "follower";
        };
        /**
         * Data[OwnEmote]
         * @description A list that comes whole, often of one.
         */
        Data_OwnEmote_: {
            data: components["schemas"]["OwnEmote"][];
        };
        /**
         * ArchiveQuery
         * @description What the pictures that follow are to be.
         */
        ArchiveQuery: {
            /**
             * @default
             * @enum {unknown}
             */
            tier: "" | "1000" | "2000" | "3000" | "follower";
        };
        /**
         * Data[ArchiveResult]
         * @description A list that comes whole, often of one.
         */
        Data_ArchiveResult_: {
            data: components["schemas"]["ArchiveResult"][];
        };
        /**
         * ArchiveResult
         * @description What became of one picture of an archive.
         */
        ArchiveResult: {
            file: string;
            emote: components["schemas"]["OwnEmote"] | null;
            problem: string | null;
        };
        /**
         * EmotePath
         * @description Which emote of which channel.
         */
        EmotePath: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
            id: number;
        };
        /**
         * EmoteChange
         * @description What is to change; what is left out stays as it is.
         */
        EmoteChange: {
            /** @description Letters and digits. Of a channel's emote the prefix may be left out: `Love` becomes `annaLove`. */
            code?: string;
            /** @enum {unknown} */
            tier?: "" | "1000" | "2000" | "3000" | "follower";
        };
        /**
         * QueueQuery
         * @description Which pictures.
         */
        QueueQuery: {
            /**
             * @default pending
             * @enum {unknown}
             */
            status: "approved" | "pending" | "rejected";
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[ReviewedEmote]
         * @description One page of a list.
         */
        Page_ReviewedEmote_: {
            data: components["schemas"]["ReviewedEmote"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * ReviewedEmote
         * @description An emote as the staff sees it.
         */
        ReviewedEmote: {
            /** @description A number, as text. */
            id: string;
            name: string;
            images: components["schemas"]["Images"] | null;
            animated_images: components["schemas"]["Images"] | null;
            /** @enum {unknown} */
            tier: "" | "1000" | "2000" | "3000" | "follower";
            /** @enum {unknown} */
            status: "approved" | "pending" | "rejected";
            reason: string;
            /** Format: date-time */
            created_at: string;
            broadcaster_id: string | null;
            broadcaster_login: string | null;
            uploader_login: string | null;
        };
        /**
         * EmoteId
         * @description Which emote.
         */
        EmoteId: {
            id: number;
        };
        /**
         * Verdict
         * @description What the staff says of a picture.
         */
        Verdict: {
            /** @enum {unknown} */
            status: "approved" | "rejected";
            /**
             * @description For who uploaded it; of a rejection.
             * @default
             */
            reason: string;
        };
        /**
         * SiteEmoteQuery
         * @description What the picture that follows is to be.
         */
        SiteEmoteQuery: {
            /** @description Letters and digits. Of a channel's emote the prefix may be left out: `Love` becomes `annaLove`. */
            code: string;
        };
        /**
         * SiteEmoteChange
         * @description What it is to be called.
         */
        SiteEmoteChange: {
            /** @description Letters and digits. Of a channel's emote the prefix may be left out: `Love` becomes `annaLove`. */
            code: string;
        };
        /**
         * Data[BadgeSet]
         * @description A list that comes whole, often of one.
         */
        Data_BadgeSet_: {
            data: components["schemas"]["BadgeSet"][];
        };
        /**
         * BadgeSet
         * @description Badges of one kind.
         */
        BadgeSet: {
            set_id: string;
            versions: components["schemas"]["BadgeVersion"][];
        };
        /**
         * BadgeVersion
         * @description One badge, in the shape of Helix.
         */
        BadgeVersion: {
            /** @description A number, as text. */
            id: string;
            image_url_1x: string;
            image_url_2x: string;
            image_url_4x: string;
            title: string;
            description: string;
            /** @default null */
            click_action: null;
            /** @default null */
            click_url: null;
        };
        /**
         * Data[OwnBadge]
         * @description A list that comes whole, often of one.
         */
        Data_OwnBadge_: {
            data: components["schemas"]["OwnBadge"][];
        };
        /**
         * OwnBadge
         * @description A badge as those see it who keep it.
         */
        OwnBadge: {
            months: number;
            images: components["schemas"]["Images"] | null;
            /** @enum {unknown} */
            status: "approved" | "pending" | "rejected";
            reason: string;
            /** Format: date-time */
            created_at: string;
        };
        /**
         * BadgePath
         * @description Which badge of which channel.
         */
        BadgePath: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
            months: number;
        };
        /**
         * Page[ReviewedBadge]
         * @description One page of a list.
         */
        Page_ReviewedBadge_: {
            data: components["schemas"]["ReviewedBadge"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * ReviewedBadge
         * @description A badge as the staff sees it.
         */
        ReviewedBadge: {
            months: number;
            images: components["schemas"]["Images"] | null;
            /** @enum {unknown} */
            status: "approved" | "pending" | "rejected";
            reason: string;
            /** Format: date-time */
            created_at: string;
            /** @description A number, as text. */
            broadcaster_id: string;
            broadcaster_login: string;
            uploader_login: string | null;
        };
        /**
         * SubscriptionsQuery
         * @description Which page, or who.
         */
        "webapp.subscription_answers.SubscriptionsQuery": {
            /** @default null */
            user_id: string | null;
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * SubscriptionPage
         * @description One page of those who subscribe.
         */
        SubscriptionPage: {
            data: components["schemas"]["SubscriptionTold"][];
            total: number;
            points: number;
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * SubscriptionTold
         * @description Somebody's subscription to a channel.
         */
        SubscriptionTold: {
            /** @description A number, as text. */
            broadcaster_id: string;
            broadcaster_login: string;
            broadcaster_name: string;
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            user_name: string;
            /** @enum {unknown} */
            tier: "1000" | "2000" | "3000";
            plan_name: string;
            is_gift: boolean;
            gifter_id: string;
            gifter_login: string;
            gifter_name: string;
            cumulative_months: number;
            streak_months: number;
            badge: string;
            /** Format: date-time */
            created_at: string;
            ends_at: string | null;
            renews: boolean;
        };
        /**
         * Data[OwnSubscription]
         * @description A list that comes whole, often of one.
         */
        Data_OwnSubscription_: {
            data: components["schemas"]["OwnSubscription"][];
        };
        /**
         * OwnSubscription
         * @description As its subscriber sees it.
         */
        OwnSubscription: {
            /** @description A number, as text. */
            broadcaster_id: string;
            broadcaster_login: string;
            broadcaster_name: string;
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            user_name: string;
            /** @enum {unknown} */
            tier: "1000" | "2000" | "3000";
            plan_name: string;
            is_gift: boolean;
            gifter_id: string;
            gifter_login: string;
            gifter_name: string;
            cumulative_months: number;
            streak_months: number;
            badge: string;
            /** Format: date-time */
            created_at: string;
            ends_at: string | null;
            renews: boolean;
            can_share: boolean;
        };
        /**
         * Page[OwnSubscription]
         * @description One page of a list.
         */
        Page_OwnSubscription_: {
            data: components["schemas"]["OwnSubscription"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * GrantWish
         * @description Whom to have as a subscriber without money.
         */
        GrantWish: {
            /** @description 3 to 25 letters, digits or underscores. */
            user_login: string;
            /**
             * @default 1000
             * @enum {unknown}
             */
            tier: "1000" | "2000" | "3000";
            /** @default 1 */
            months: number | null;
        };
        /**
         * Data[SubscriptionTold]
         * @description A list that comes whole, often of one.
         */
        Data_SubscriptionTold_: {
            data: components["schemas"]["SubscriptionTold"][];
        };
        /**
         * ShareWish
         * @description What to say in chat.
         */
        ShareWish: {
            /** @default  */
            text: string;
            /** @default false */
            show_streak: boolean;
        };
        /**
         * PurchaseWish
         * @description What to subscribe at.
         */
        PurchaseWish: {
            /**
             * @default 1000
             * @enum {unknown}
             */
            tier: "1000" | "2000" | "3000";
        };
        /**
         * Data[Checkout]
         * @description A list that comes whole, often of one.
         */
        Data_Checkout_: {
            data: components["schemas"]["Checkout"][];
        };
        /**
         * Checkout
         * @description Where to pay.
         */
        Checkout: {
            order_id: string;
            url: string;
            /** Format: date-time */
            expires_at: string;
        };
        /**
         * GiftWish
         * @description Whom to give a month: one person, or so many who are chosen among recent followers.
         */
        GiftWish: {
            /** @default null */
            user_login: string | null;
            /** @default null */
            count: number | null;
            /**
             * @default 1000
             * @enum {unknown}
             */
            tier: "1000" | "2000" | "3000";
            /** @default false */
            is_anonymous: boolean;
        };
        /**
         * Gifts
         * @description What became of a wish to give.
         */
        Gifts: {
            data: components["schemas"]["SubscriptionTold"][];
            checkout: components["schemas"]["Checkout"] | null;
        };
        /**
         * Data[Address]
         * @description A list that comes whole, often of one.
         */
        Data_Address_: {
            data: components["schemas"]["Address"][];
        };
        /**
         * Address
         * @description Where to go on.
         */
        Address: {
            url: string;
        };
        /**
         * NoticesQuery
         * @description Which of them.
         */
        NoticesQuery: {
            /** @default false */
            unread: boolean;
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * NoticePage
         * @description A page of notices.
         */
        NoticePage: {
            data: components["schemas"]["Notice"][];
            /** @description Of all pages, counted up to 1000. */
            unread_count: number;
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * Notice
         * @description Something that somebody was told.
         */
        Notice: {
            /** @description A number, as text. */
            id: string;
            type: string;
            /** @description A number, as text. */
            broadcaster_id: string;
            broadcaster_login: string;
            broadcaster_name: string;
            title: string;
            text: string;
            details: Record<string, never>;
            /** Format: date-time */
            created_at: string;
            is_read: boolean;
        };
        /**
         * NoticePath
         * @description Which notice.
         */
        NoticePath: {
            id: number;
        };
        /**
         * ReadUpTo
         * @description How much was read.
         */
        ReadUpTo: {
            /** @description A number, as text. */
            up_to: string;
        };
        /**
         * Data[SettingsShown]
         * @description A list that comes whole, often of one.
         */
        Data_SettingsShown_: {
            data: components["schemas"]["SettingsShown"][];
        };
        /**
         * SettingsShown
         * @description What to be told. Which channels: `notify` of each follow.
         */
        SettingsShown: {
            live: components["schemas"]["WaysShown"];
            personal: components["schemas"]["WaysShown"];
        };
        /**
         * WaysShown
         * @description How to be told.
         */
        WaysShown: {
            site: boolean;
            push: boolean;
            mail: boolean;
        };
        /**
         * NotificationSettingsChange
         * @description What to change; what is left out stays.
         */
        NotificationSettingsChange: {
            /** @default {} */
            live: components["schemas"]["WaysChange"];
            /** @default {} */
            personal: components["schemas"]["WaysChange"];
        };
        /**
         * WaysChange
         * @description What to change; what is left out stays.
         */
        WaysChange: {
            site?: boolean;
            push?: boolean;
            mail?: boolean;
        };
        /**
         * Data[PushKey]
         * @description A list that comes whole, often of one.
         */
        Data_PushKey_: {
            data: components["schemas"]["PushKey"][];
        };
        /**
         * PushKey
         * @description The site, as push services know it.
         */
        PushKey: {
            key: string;
        };
        /**
         * Data[PushSubscription]
         * @description A list that comes whole, often of one.
         */
        Data_PushSubscription_: {
            data: components["schemas"]["PushSubscription"][];
        };
        /**
         * PushSubscription
         * @description A browser that is told things.
         */
        PushSubscription: {
            /** @description A number, as text. */
            id: string;
            service: string;
            user_agent: string;
            is_current: boolean;
            /** Format: date-time */
            created_at: string;
        };
        /**
         * Subscribing
         * @description A browser, as its `PushSubscription.toJSON()` says it.
         */
        Subscribing: {
            endpoint: string;
            keys: components["schemas"]["BrowserKeys"];
            /** @default null */
            expirationTime: number | null;
        };
        /**
         * BrowserKeys
         * @description What messages are encrypted with.
         */
        BrowserKeys: {
            /** @description In base64url. */
            p256dh: string;
            /** @description In base64url. */
            auth: string;
        };
        /**
         * SubscriptionPath
         * @description Which browser.
         */
        SubscriptionPath: {
            id: number;
        };
        /**
         * DeadLettersQuery
         * @description Which of them.
         */
        DeadLettersQuery: {
            /** @default null */
            kind: string | null;
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[DeadLetter]
         * @description One page of a list.
         */
        Page_DeadLetter_: {
            data: components["schemas"]["DeadLetter"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * DeadLetter
         * @description One delivery that was given up; kept for six days.
         */
        DeadLetter: {
            /** @description A number, as text. */
            id: string;
            kind: string;
            target: string;
            /** @description A number, as text. */
            event_id: string;
            event_type: string;
            /** @description A number, as text. */
            broadcaster_id: string;
            /** Format: uuid */
            message_id: string;
            attempts: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            finished_at: string;
            last_error: string;
        };
        /**
         * DeadLetterPath
         * @description Which one.
         */
        DeadLetterPath: {
            id: number;
        };
        /**
         * Page[ShownWebhook]
         * @description One page of a list.
         */
        Page_ShownWebhook_: {
            data: components["schemas"]["ShownWebhook"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * ShownWebhook
         * @description A subscription that is told to a webhook.
         */
        ShownWebhook: {
            subscription: components["schemas"]["ShownSubscription"];
            client_id: string | null;
            app_name: string | null;
            failures: number;
            failing_since: string | null;
        };
        /**
         * ShownSubscription
         * @description A subscription.
         */
        ShownSubscription: {
            id: string;
            status: string;
            type: string;
            version: string;
            cost: number;
            condition: {
                [key: string]: string;
            };
            transport: components["schemas"]["ShownTransport"];
            /** Format: date-time */
            created_at: string;
        };
        /**
         * ShownTransport
         * @description How it is told.
         */
        ShownTransport: {
            /** @enum {unknown} */
            method: "webhook" | "websocket";
            callback?: string;
            session_id?: string;
            /** Format: date-time */
            connected_at?: string;
            /** Format: date-time */
            disconnected_at?: string;
        };
        /**
         * WebhookPath
         * @description Which webhook, by its subscription.
         */
        WebhookPath: {
            /** Format: uuid */
            id: string;
        };
        /**
         * Page[WebhookDelivery]
         * @description One page of a list.
         */
        Page_WebhookDelivery_: {
            data: components["schemas"]["WebhookDelivery"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * WebhookDelivery
         * @description Something that was, or is to be, sent. Kept for a day, what was given up for six.
         */
        WebhookDelivery: {
            /** @description A number, as text. */
            id: string;
            /** Format: uuid */
            message_id: string;
            type: string | null;
            event: Record<string, never> | null;
            /** @enum {string} */
            status: "waiting" | "sent" | "skipped" | "gone" | "dead";
            attempts: number;
            /** Format: date-time */
            created_at: string;
            finished_at: string | null;
            next_at: string | null;
            last_error: string | null;
            resent_at: string | null;
        };
        /**
         * DeliveryPath
         * @description What was sent to which.
         */
        DeliveryPath: {
            /** Format: uuid */
            id: string;
            delivery_id: number;
        };
        /**
         * SubscriptionRequest
         * @description What to tell, and how.
         */
        SubscriptionRequest: {
            /** @enum {string} */
            type: "channel.ban" | "channel.chat.clear" | "channel.chat.clear_user_messages" | "channel.chat.message" | "channel.chat.message_delete" | "channel.follow" | "channel.moderate" | "channel.poll.begin" | "channel.poll.end" | "channel.poll.progress" | "channel.raid" | "channel.subscribe" | "channel.subscription.end" | "channel.subscription.gift" | "channel.subscription.message" | "channel.unban" | "channel.update" | "stream.offline" | "stream.online";
            version: string;
            condition: {
                [key: string]: string;
            };
            transport: components["schemas"]["NewTransport"];
        };
        /**
         * NewTransport
         * @description How to tell: to a webhook (`callback`, `secret`), or over a session of the WebSocket (`session_id`).
         */
        NewTransport: {
            /** @enum {unknown} */
            method: "webhook" | "websocket";
            /** @default null */
            callback: string | null;
            /** @default null */
            secret: string | null;
            /** @default null */
            session_id: string | null;
        };
        /**
         * SubscriptionList
         * @description Subscriptions, and how many there are in all.
         */
        SubscriptionList: {
            data: components["schemas"]["ShownSubscription"][];
            total: number;
            total_cost: number;
            max_total_cost: number;
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * SubscriptionsQuery
         * @description Which of one's subscriptions.
         */
        "webapp.eventsub_routes.SubscriptionsQuery": {
            /** @default null */
            status: string | null;
            /** @default null */
            type: string | null;
            /** @default null */
            user_id: number | null;
            /** @default null */
            subscription_id: string | null;
            /**
             * @description How many at most.
             * @default 100
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * SubscriptionId
         * @description Which subscription.
         */
        SubscriptionId: {
            /** Format: uuid */
            id: string;
        };
        /**
         * MembersQuery
         * @description Which accounts.
         */
        MembersQuery: {
            /** @default null */
            login: string | null;
            /** @default null */
            email: string | null;
            /**
             * @default
             * @enum {unknown}
             */
            status: "" | "staff" | "suspended";
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[AdminUser]
         * @description One page of a list.
         */
        Page_AdminUser_: {
            data: components["schemas"]["AdminUser"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * AdminUser
         * @description An account as the staff of the site sees it.
         */
        AdminUser: {
            /** @description A number, as text. */
            id: string;
            login: string;
            display_name: string;
            /** @enum {unknown} */
            type: "" | "admin" | "staff";
            /** Format: date-time */
            created_at: string;
            is_live: boolean;
            suspended_at: string | null;
            suspension_reason: string | null;
            email?: string | null;
            email_verified?: boolean;
        };
        /**
         * MemberPath
         * @description Which account.
         */
        MemberPath: {
            /** @description 3 to 25 letters, digits or underscores. */
            login: string;
        };
        /**
         * Data[AdminUser]
         * @description A list that comes whole, often of one.
         */
        Data_AdminUser_: {
            data: components["schemas"]["AdminUser"][];
        };
        /**
         * Suspension
         * @description Why an account is suspended.
         */
        Suspension: {
            reason: string;
        };
        /**
         * RoleChange
         * @description What somebody is to the site.
         */
        RoleChange: {
            /** @enum {unknown} */
            role: "admin" | "none" | "staff";
        };
        /**
         * Data[EndedSessions]
         * @description A list that comes whole, often of one.
         */
        Data_EndedSessions_: {
            data: components["schemas"]["EndedSessions"][];
        };
        /**
         * EndedSessions
         * @description What was ended.
         */
        EndedSessions: {
            ended: number;
        };
        /**
         * ChannelsQuery
         * @description Which channels.
         */
        ChannelsQuery: {
            /** @default null */
            login: string | null;
            /**
             * @description Suspended: those whose owner is.
             * @default
             * @enum {unknown}
             */
            status: "" | "live" | "suspended";
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[StaffChannel]
         * @description One page of a list.
         */
        Page_StaffChannel_: {
            data: components["schemas"]["StaffChannel"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * StaffChannel
         * @description One channel as the staff sees it.
         */
        StaffChannel: {
            /** @description A number, as text. */
            broadcaster_id: string;
            broadcaster_login: string;
            broadcaster_name: string;
            title: string;
            game_name: string;
            broadcaster_language: string;
            /** @enum {unknown} */
            visibility: "followers" | "password" | "public" | "subs" | "unlisted";
            is_mature: boolean;
            follower_count: number;
            /** Format: date-time */
            created_at: string;
            suspended_at: string | null;
            suspension_reason: string | null;
            is_live: boolean;
            viewer_count: number;
            started_at: string | null;
            ended_at: string | null;
        };
        /**
         * OnAirQuery
         * @description Which broadcasts.
         */
        OnAirQuery: {
            /** @default null */
            login: string | null;
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[StaffStream]
         * @description One page of a list.
         */
        Page_StaffStream_: {
            data: components["schemas"]["StaffStream"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * StaffStream
         * @description One live broadcast as the staff sees it.
         */
        StaffStream: {
            /** Format: uuid */
            id: string;
            /** @description A number, as text. */
            user_id: string;
            user_login: string;
            user_name: string;
            title: string;
            game_name: string;
            visibility: string;
            is_mature: boolean;
            viewer_count: number;
            /** Format: date-time */
            started_at: string;
            node: string;
            video_codec: string | null;
            audio_codec: string | null;
            width: number | null;
            height: number | null;
            encoder: string | null;
            reconnects: number;
            health: ("bad" | "good" | "noData" | "ok") | null;
            bitrate_kbps: number | null;
            fps: number | null;
            keyframe_interval_s: number | null;
            issues: string[];
            key: components["schemas"]["OnAirKey"] | null;
            thumbnail_url?: string;
        };
        /**
         * OnAirKey
         * @description The key that a broadcast is published with.
         */
        OnAirKey: {
            /** @description A number, as text. */
            id: string;
            label: string;
            last4: string;
        };
        /**
         * OnAirPath
         * @description Which broadcast.
         */
        OnAirPath: {
            /** Format: uuid */
            id: string;
        };
        /**
         * Data[ShownInvitation]
         * @description A list that comes whole, often of one.
         */
        Data_ShownInvitation_: {
            data: components["schemas"]["ShownInvitation"][];
        };
        /**
         * ShownInvitation
         * @description An invitation that nobody has used yet.
         */
        ShownInvitation: {
            /** @description As the list gives it. */
            id: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at: string;
            invitation?: string;
        };
        /**
         * NewInvitation
         * @description What is wanted.
         */
        NewInvitation: {
            /**
             * @description For how long it works.
             * @default 14
             */
            days: number;
        };
        /**
         * InvitationPath
         * @description Which invitation.
         */
        InvitationPath: {
            /** @description As the list gives it. */
            id: string;
        };
        /**
         * Data[Overview]
         * @description A list that comes whole, often of one.
         */
        Data_Overview_: {
            data: components["schemas"]["Overview"][];
        };
        /**
         * Overview
         * @description What an operator looks at first. What waits is counted up to 1001; above 1000, `accounts` is an estimate.
         */
        Overview: {
            live: number;
            viewers: number;
            streams_in_trouble: number;
            accounts: number;
            new_accounts: number;
            suspended: number;
            open_reports: number;
            pending_emotes: number;
            pending_badges: number;
            dead_letters: number;
            nodes_in_trouble: number;
        };
        /**
         * Data[Nodes]
         * @description A list that comes whole, often of one.
         */
        Data_Nodes_: {
            data: components["schemas"]["Nodes"][];
        };
        /**
         * Nodes
         * @description How the site does.
         */
        Nodes: {
            nodes: components["schemas"]["Node"][];
            database: components["schemas"]["Storage"];
        };
        /**
         * Node
         * @description One process of the site, as it said ten seconds ago.
         */
        Node: {
            id: string;
            node: string;
            roles: string[];
            version: string;
            addresses: string[];
            /** Format: date-time */
            started_at: string;
            /** Format: date-time */
            seen_at: string;
            is_alive: boolean;
            problems: string[];
            remarks: string[];
            memory_bytes: number;
            loop_lag_s: number;
            disk_bytes: number;
            disk_free_bytes: number;
            live: number;
        };
        /**
         * Storage
         * @description What the database takes up.
         */
        Storage: {
            version: string;
            bytes: number;
            tables: components["schemas"]["StoredTable"][];
        };
        /**
         * StoredTable
         * @description What one table takes up.
         */
        StoredTable: {
            name: string;
            bytes: number;
            rows: number;
        };
        /**
         * Data[Terms]
         * @description A list that comes whole, often of one.
         */
        Data_Terms_: {
            data: components["schemas"]["Terms"][];
        };
        /**
         * Terms
         * @description What holds on this site, in the words of those who run it; plain text, '' for none.
         */
        Terms: {
            rules: string;
            terms: string;
        };
        /**
         * Data[SiteSettings]
         * @description A list that comes whole, often of one.
         */
        Data_SiteSettings_: {
            data: components["schemas"]["SiteSettings"][];
        };
        /**
         * SiteSettings
         * @description What can be set. Texts are plain: pages show them as they are.
         */
        SiteSettings: {
            /** @default weir */
            name: string;
            /** @default  */
            description: string;
            /**
             * @default open
             * @enum {unknown}
             */
            registration: "closed" | "invite" | "open";
            /** @default true */
            emote_review: boolean;
            /** @default  */
            announcement: string;
            /** @default  */
            rules: string;
            /** @default  */
            terms: string;
        };
        /**
         * SettingsChange
         * @description Settings to change; what is left out stays, and `null` gives a setting its default back.
         */
        SettingsChange: {
            name?: string | null;
            description?: string | null;
            registration?: ("closed" | "invite" | "open") | null;
            emote_review?: boolean | null;
            announcement?: string | null;
            rules?: string | null;
            terms?: string | null;
            was?: components["schemas"]["SettingsFacts"];
        };
        /**
         * SettingsFacts
         * @description The settings to the knowledge of who changes them; what is left out is not looked at.
         */
        SettingsFacts: {
            name?: string | null;
            description?: string | null;
            registration?: ("closed" | "invite" | "open") | null;
            emote_review?: boolean | null;
            announcement?: string | null;
            rules?: string | null;
            terms?: string | null;
        };
        /**
         * NewReport
         * @description What somebody saw.
         */
        NewReport: {
            /** @enum {unknown} */
            target_type: "channel" | "stream" | "user";
            target_id: string;
            /** @enum {unknown} */
            reason: "copyright" | "harassment" | "hate" | "illegal" | "impersonation" | "other" | "privacy" | "self_harm" | "sexual" | "spam" | "violence";
            /** @default  */
            description: string;
        };
        /**
         * Data[OwnReport]
         * @description A list that comes whole, often of one.
         */
        Data_OwnReport_: {
            data: components["schemas"]["OwnReport"][];
        };
        /**
         * OwnReport
         * @description A report as who wrote it sees it.
         */
        OwnReport: {
            /** Format: uuid */
            id: string;
            /** Format: date-time */
            created_at: string;
            target_type: string;
            target_id: string;
            broadcaster_id: string | null;
            broadcaster_login: string | null;
            reason: string;
            description: string;
            status: string;
            handled_at: string | null;
        };
        /**
         * Page[OwnReport]
         * @description One page of a list.
         */
        Page_OwnReport_: {
            data: components["schemas"]["OwnReport"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * ReportsQuery
         * @description Which reports.
         */
        ReportsQuery: {
            /**
             * @default open
             * @enum {unknown}
             */
            status: "open" | "rejected" | "resolved";
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[StaffReport]
         * @description One page of a list.
         */
        Page_StaffReport_: {
            data: components["schemas"]["StaffReport"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * StaffReport
         * @description A report as the staff sees it.
         */
        StaffReport: {
            /** Format: uuid */
            id: string;
            /** Format: date-time */
            created_at: string;
            target_type: string;
            target_id: string;
            broadcaster_id: string | null;
            broadcaster_login: string | null;
            reason: string;
            description: string;
            status: string;
            handled_at: string | null;
            reporter_id: string | null;
            reporter_login: string | null;
            handler_login: string | null;
            note: string;
        };
        /**
         * ReportPath
         * @description Which report.
         */
        ReportPath: {
            /** Format: uuid */
            id: string;
        };
        /**
         * Outcome
         * @description What became of a report.
         */
        Outcome: {
            /** @enum {unknown} */
            status: "rejected" | "resolved";
            /**
             * @description For the staff.
             * @default
             */
            note: string;
        };
        /**
         * Data[StaffReport]
         * @description A list that comes whole, often of one.
         */
        Data_StaffReport_: {
            data: components["schemas"]["StaffReport"][];
        };
        /**
         * Taking
         * @description Who is to look into a report.
         */
        Taking: {
            take: boolean;
            /** @default null */
            instead_of: string | null;
        };
        /**
         * EndQuery
         * @description Why a broadcast is ended.
         */
        EndQuery: {
            /**
             * @description The encoder shows it.
             * @default
             */
            reason: string;
        };
        /**
         * LogQuery
         * @description Which deeds.
         */
        LogQuery: {
            /** @default null */
            actor: string | null;
            /** @default null */
            channel: string | null;
            /** @default null */
            action: string | null;
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[Deed]
         * @description One page of a list.
         */
        Page_Deed_: {
            data: components["schemas"]["Deed"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * EventsQuery
         * @description Which events.
         */
        EventsQuery: {
            /** @default [] */
            type: ("channel.update" | "stream.offline" | "stream.online")[];
            /**
             * @description How many at most.
             * @default 20
             */
            first: number;
            /** @default null */
            after: string | null;
        };
        /**
         * Page[Event]
         * @description One page of a list.
         */
        Page_Event_: {
            data: components["schemas"]["Event"][];
            /** @default {} */
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * Event
         * @description One thing that happened; kept for a week.
         */
        Event: {
            /** @description A number, as text. */
            id: string;
            type: string;
            /** Format: date-time */
            created_at: string;
            event: Record<string, never>;
        };
        /**
         * Data[TestStreamState]
         * @description A list that comes whole, often of one.
         */
        Data_TestStreamState_: {
            data: components["schemas"]["TestStreamState"][];
        };
        /**
         * TestStreamState
         * @description Whether a channel shows the test picture.
         */
        TestStreamState: {
            is_running: boolean;
            /** @default null */
            started_at: string | null;
            /** @default null */
            ends_at: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;

-- What people say of themselves, and content labels by the names that Helix gives them.

alter table users
    add column description text not null default ''
        check (char_length(description) <= 300 and description !~ '[[:cntrl:]]');

-- They were bounded as tags are, at 25 letters; `DebatedSocialIssuesAndPolitics` has 30. PostgreSQL chose the name of that
-- constraint, so it is found by what it says.
do $$
declare
    old text;
begin
    for old in
        select conname from pg_constraint
        where conrelid = 'channels'::regclass and pg_get_constraintdef(oid) like '%tags_are_sound(content_labels)%'
    loop
        execute format('alter table channels drop constraint %I', old);
    end loop;
end $$;

create function labels_are_sound(labels text[]) returns boolean language sql immutable as $$
    select coalesce(bool_and(label is not null and label ~ '^[A-Za-z]{1,40}$'), true) from unnest(labels) as label
$$;

alter table channels add constraint channels_labels_are_sound check (labels_are_sound(content_labels));

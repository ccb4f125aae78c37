-- What a language model has answered, so that nobody pays twice for the same question: a run that takes over asks for
-- the rest alone, and the same film again is made of the same lines.

-- Passages of a transcript with punctuation. The key is that of the question; an answer that cannot be used is not asked
-- for again either.
create table restored_passages (
  script_id uuid not null,
  user_id uuid not null,
  passage_key text not null check (passage_key ~ '^[0-9a-f]{64}$'),
  model text not null,
  answer text,
  objection text,
  created_at timestamptz not null default now(),
  primary key (script_id, passage_key),
  foreign key (script_id, user_id) references scripts (id, user_id) on delete cascade,
  check (num_nonnulls(answer, objection) = 1)
);
create index restored_passages_by_user on restored_passages (user_id);

-- The lines that a film of so many seconds keeps, by their ids in the script as it was imported.
create table chosen_lines (
  script_id uuid not null,
  user_id uuid not null,
  version integer not null check (version > 0), -- of the script of which they were chosen
  target_seconds integer not null check (target_seconds > 0),
  line_ids integer[] not null check (cardinality(line_ids) > 0),
  model text not null,
  created_at timestamptz not null default now(),
  primary key (script_id, target_seconds, version),
  foreign key (script_id, user_id) references scripts (id, user_id) on delete cascade
);
create index chosen_lines_by_user on chosen_lines (user_id);

alter table restored_passages enable row level security;
alter table restored_passages force row level security;
alter table chosen_lines enable row level security;
alter table chosen_lines force row level security;
revoke all on restored_passages, chosen_lines from anon, authenticated;
grant select, insert, update, delete on restored_passages, chosen_lines to service_role;

-- A quote is made of the lines that are chosen. The passages are in the script, and nobody asks for them but the pipeline.
grant select on chosen_lines to authenticated;
create policy chosen_lines_select on chosen_lines for select to authenticated using ((select auth.uid()) = user_id);

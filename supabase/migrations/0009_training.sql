-- Trained characters: keyframes are paid for as clips and trainings are, and no model of a likeness outlives it.

alter table provider_attempts drop constraint provider_attempts_kind_check;
alter table provider_attempts add constraint provider_attempts_kind_check
  check (kind in ('clip', 'training', 'keyframe', 'direction', 'transcription', 'speech'));

-- Models, each as owner/name:version, that a character had before its present one: films that were cast with them may
-- be retaken, and when the character is deleted they go too.
alter table characters add column former_models text[] not null default '{}';
alter table deletions
  add column former_models text[] not null default '{}',
  add check (finished_at is null or former_models = '{}' or model_deleted_at is not null);

create index characters_by_training on characters (user_id, training_key) where training_key is not null;

create or replace function note_deletion() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.deletions
      (user_id, character_id, trainer, training_key, model_ref, model_version, former_models, due_at)
    values (
      old.user_id, old.id, old.trainer, old.training_key, old.model_ref, old.model_version, old.former_models,
      case when old.status = 'uploading' then greatest(now(), old.created_at + interval '1 hour') else now() end
    );
  return null;
end
$$;

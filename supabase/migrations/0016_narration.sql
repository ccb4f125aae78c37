-- What is said in each scene, and when: the spoken lines with their places, as domain/speech.py has them. Null until the
-- scene is narrated; a scene whose lines change is narrated anew. The sound itself is in S3.

alter table job_scenes add column speech jsonb check (jsonb_typeof(speech) = 'array');

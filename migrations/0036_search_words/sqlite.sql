-- The words of a file's text are written with it; they go with the file by their foreign key. A file that waits for a
-- guardian's word, or was refused it, has none. The statements are told apart by empty lines.

CREATE TRIGGER app_words_added AFTER INSERT ON applications BEGIN INSERT INTO search_words (intake_id, state, word, application_id, institution_id) SELECT NEW.intake_id, NEW.state, substr(value, 1, 60), NEW.id, NEW.institution_id FROM json_each('[' || replace(json_quote(NEW.search_text), ' ', '","') || ']') WHERE value <> '' AND NEW.consent NOT IN ('waiting', 'withdrawn') ON CONFLICT DO NOTHING; END

CREATE TRIGGER app_words_changed AFTER UPDATE OF search_text, state, consent, intake_id, institution_id ON applications WHEN NEW.search_text IS NOT OLD.search_text OR NEW.state IS NOT OLD.state OR NEW.consent IS NOT OLD.consent OR NEW.intake_id IS NOT OLD.intake_id OR NEW.institution_id IS NOT OLD.institution_id BEGIN DELETE FROM search_words WHERE application_id = NEW.id; INSERT INTO search_words (intake_id, state, word, application_id, institution_id) SELECT NEW.intake_id, NEW.state, substr(value, 1, 60), NEW.id, NEW.institution_id FROM json_each('[' || replace(json_quote(NEW.search_text), ' ', '","') || ']') WHERE value <> '' AND NEW.consent NOT IN ('waiting', 'withdrawn') ON CONFLICT DO NOTHING; END

CREATE TRIGGER app_intake_of_documents AFTER INSERT ON documents BEGIN UPDATE documents SET intake_id = (SELECT intake_id FROM applications WHERE id = NEW.application_id) WHERE id = NEW.id; END

CREATE TRIGGER app_intake_of_notes AFTER INSERT ON notes BEGIN UPDATE notes SET intake_id = (SELECT intake_id FROM applications WHERE id = NEW.application_id) WHERE id = NEW.id; END

CREATE TRIGGER app_intake_of_corrections AFTER INSERT ON corrections BEGIN UPDATE corrections SET intake_id = (SELECT intake_id FROM applications WHERE id = NEW.application_id) WHERE id = NEW.id; END

CREATE TRIGGER app_intake_of_extensions AFTER INSERT ON extensions BEGIN UPDATE extensions SET intake_id = (SELECT intake_id FROM applications WHERE id = NEW.application_id) WHERE id = NEW.id; END

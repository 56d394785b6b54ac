-- A file's row follows its documents, whoever writes them. The statements are told apart by empty lines.

CREATE TRIGGER app_documents_added AFTER INSERT ON documents WHEN NEW.replaced_at IS NULL BEGIN UPDATE applications SET documented = (1 = 1) WHERE id = NEW.application_id; END

CREATE TRIGGER app_documents_changed AFTER UPDATE OF replaced_at ON documents BEGIN UPDATE applications SET documented = EXISTS (SELECT 1 FROM documents WHERE application_id = NEW.application_id AND replaced_at IS NULL) WHERE id = NEW.application_id; END

CREATE TRIGGER app_documents_gone AFTER DELETE ON documents BEGIN UPDATE applications SET documented = EXISTS (SELECT 1 FROM documents WHERE application_id = OLD.application_id AND replaced_at IS NULL) WHERE id = OLD.application_id; END

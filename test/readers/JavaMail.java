// JavaMail.java - what JavaMail gets out of mail; see readers.py.
import java.io.*;
import java.util.*;
import javax.mail.*;
import javax.mail.internet.*;

public class JavaMail {
	static void tell(String path, InputStream content) throws Exception {
		System.out.println(path + "\t" + Base64.getEncoder().encodeToString(content.readAllBytes()));
	}

	static void leaves(String path, Part part) {
		try {
			Object content = part.getContent();
			if (content instanceof Multipart) {
				Multipart parts = (Multipart)content;
				for (int i = 0; i < parts.getCount(); i++)
					leaves(path, parts.getBodyPart(i));
				return;
			}
			if (content instanceof Message)
				leaves(path, (Message)content);
		} catch (Exception | Error error) {
		}
		try {
			tell(path, part.getInputStream());
		} catch (Exception | Error error) {
		}
	}

	public static void main(String[] arguments) throws Exception {
		Session session = Session.getInstance(new Properties());
		BufferedReader names = new BufferedReader(new InputStreamReader(System.in));
		for (String path; (path = names.readLine()) != null;) {
			try (InputStream in = new FileInputStream(path)) {
				leaves(path, new MimeMessage(session, in));
			} catch (Exception | Error error) {
			}
		}
	}
}

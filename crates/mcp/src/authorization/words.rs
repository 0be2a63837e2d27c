//! What the pages say, in the language of whoever reads them. What is granted is said by the person's own host, in its
//! words; the sentences here are the short form of it, in English.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// The words of one language.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) language: &'static str,
    pub(super) heading: &'static str,
    pub(super) unnamed: &'static str,
    pub(super) wants: &'static str,
    pub(super) goes_to: &'static str,
    pub(super) handle: &'static str,
    pub(super) hint: &'static str,
    pub(super) go: &'static str,
    pub(super) cancel: &'static str,
    pub(super) busy: &'static str,
    pub(super) empty: &'static str,
    pub(super) unknown: &'static str,
    pub(super) declined: &'static str,
    pub(super) over: &'static str,
}

impl Words {
    /// The first language that the browser prefers and there is.
    pub(super) fn of(headers: &HeaderMap) -> &'static Self {
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut wishes: Vec<(&str, f32)> = accepted
            .split(',')
            .take(20)
            .filter_map(|part| {
                let mut parts = part.trim().split(';');
                let tag = parts.next()?.split('-').next()?;
                let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse().ok());
                Some((tag, weight.unwrap_or(1.0)))
            })
            .collect();
        wishes.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let known = |tag: &str| ALL.iter().find(|words| words.language.split('-').next() == Some(tag));
        wishes.iter().find_map(|(tag, _)| known(&tag.to_ascii_lowercase())).unwrap_or(&EN)
    }
}

const EN: Words = Words {
    language: "en",
    heading: "Sign in",
    unnamed: "An MCP client",
    wants: "wants to use your account through this server. It could:",
    goes_to: "The answer goes to",
    handle: "Your handle",
    hint: "Such as alice.example.com. You sign in at your own host; your password is never typed here.",
    go: "Continue at my host",
    cancel: "Cancel",
    busy: "Too many people are signing in just now. Try again in a few minutes.",
    empty: "Type your handle.",
    unknown: "This account could not be found, or its host does not answer. Is it spelt right?",
    declined: "You declined, so nothing was granted. You can close this page.",
    over: "This sign-in is over, or was begun in another browser. Go back to your program and begin again.",
};

const ALL: [Words; 6] = [
    EN,
    Words {
        language: "de",
        heading: "Anmelden",
        unnamed: "Ein MCP-Client",
        wants: "möchte Ihr Konto über diesen Server benutzen. Er könnte:",
        goes_to: "Die Antwort geht an",
        handle: "Ihr Handle",
        hint: "Zum Beispiel alice.example.com. Sie melden sich bei Ihrem eigenen Host an; Ihr Passwort wird hier nie eingegeben.",
        go: "Weiter bei meinem Host",
        cancel: "Abbrechen",
        busy: "Gerade melden sich zu viele an. Versuchen Sie es in ein paar Minuten wieder.",
        empty: "Geben Sie Ihr Handle ein.",
        unknown: "Dieses Konto wurde nicht gefunden, oder sein Host antwortet nicht. Ist es richtig geschrieben?",
        declined: "Sie haben abgelehnt, also wurde nichts gewährt. Sie können diese Seite schließen.",
        over: "Diese Anmeldung ist vorbei oder wurde in einem anderen Browser begonnen. Gehen Sie zurück zu Ihrem Programm und beginnen Sie neu.",
    },
    Words {
        language: "es",
        heading: "Iniciar sesión",
        unnamed: "Un cliente MCP",
        wants: "quiere usar tu cuenta a través de este servidor. Podría:",
        goes_to: "La respuesta va a",
        handle: "Tu identificador",
        hint: "Por ejemplo, alice.example.com. Inicias sesión en tu propio servidor; tu contraseña nunca se escribe aquí.",
        go: "Continuar en mi servidor",
        cancel: "Cancelar",
        busy: "Demasiadas personas están iniciando sesión. Inténtalo de nuevo en unos minutos.",
        empty: "Escribe tu identificador.",
        unknown: "No se encontró esta cuenta, o su servidor no responde. ¿Está bien escrita?",
        declined: "Has rechazado, así que no se concedió nada. Puedes cerrar esta página.",
        over: "Este inicio de sesión ha terminado o empezó en otro navegador. Vuelve a tu programa y empieza de nuevo.",
    },
    Words {
        language: "fr",
        heading: "Connexion",
        unnamed: "Un client MCP",
        wants: "souhaite utiliser votre compte par ce serveur. Il pourrait :",
        goes_to: "La réponse va à",
        handle: "Votre identifiant",
        hint: "Par exemple alice.example.com. Vous vous connectez chez votre propre hébergeur ; votre mot de passe n’est jamais saisi ici.",
        go: "Continuer chez mon hébergeur",
        cancel: "Annuler",
        busy: "Trop de personnes se connectent en ce moment. Réessayez dans quelques minutes.",
        empty: "Saisissez votre identifiant.",
        unknown: "Ce compte est introuvable, ou son hébergeur ne répond pas. Est-il bien écrit ?",
        declined: "Vous avez refusé, rien n’a donc été accordé. Vous pouvez fermer cette page.",
        over: "Cette connexion est terminée, ou a commencé dans un autre navigateur. Retournez à votre programme et recommencez.",
    },
    Words {
        language: "ja",
        heading: "サインイン",
        unnamed: "MCPクライアント",
        wants: "が、このサーバーを通じてあなたのアカウントを使おうとしています。次のことができるようになります：",
        goes_to: "結果の送り先",
        handle: "ハンドル",
        hint: "例：alice.example.com。サインインはご自身のホストで行い、パスワードをここに入力することはありません。",
        go: "自分のホストへ進む",
        cancel: "キャンセル",
        busy: "サインインが集中しています。数分後にもう一度お試しください。",
        empty: "ハンドルを入力してください。",
        unknown: "アカウントが見つからないか、ホストが応答しません。つづりは正しいですか。",
        declined: "拒否したため、何も許可されていません。このページを閉じてかまいません。",
        over: "このサインインは終了したか、別のブラウザで始められました。プログラムに戻ってやり直してください。",
    },
    Words {
        language: "pt-BR",
        heading: "Entrar",
        unnamed: "Um cliente MCP",
        wants: "quer usar sua conta por este servidor. Ele poderia:",
        goes_to: "A resposta vai para",
        handle: "Seu identificador",
        hint: "Por exemplo, alice.example.com. Você entra no seu próprio servidor; sua senha nunca é digitada aqui.",
        go: "Continuar no meu servidor",
        cancel: "Cancelar",
        busy: "Muitas pessoas estão entrando agora. Tente de novo em alguns minutos.",
        empty: "Digite seu identificador.",
        unknown: "Esta conta não foi encontrada, ou o servidor dela não responde. Está escrita corretamente?",
        declined: "Você recusou, então nada foi concedido. Pode fechar esta página.",
        over: "Esta entrada terminou ou começou em outro navegador. Volte ao seu programa e comece de novo.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_says_which_language() {
        for (accepted, language) in [
            ("", "en"),
            ("de-AT, en;q=0.5", "de"),
            ("xx, pt;q=0.3, fr;q=0.7", "fr"),
            ("pt-PT", "pt-BR"),
            ("*", "en"),
            ("ja;q=broken", "ja"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, accepted.parse().unwrap());
            assert_eq!(Words::of(&headers).language, language, "{accepted}");
        }
    }
}

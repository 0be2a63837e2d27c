# A página do que aconteceu com uma conta.

security-log-heading = Registro de segurança
security-log-hint = O que aconteceu com sua conta no último semestre. Se algo aqui não foi você, escolha uma nova senha e encerre tudo o que não conhece.
security-log-none = Nada foi anotado ainda.
security-log-download = Baixar tudo como JSON
security-log-more = As entradas mais antigas estão no download.
security-log-at = Quando
security-log-through = Com
security-log-place = Da rede
security-log-client = { $client }
security-log-app-password-created = Senha de aplicativo criada: { $subject }
security-log-app-password-used = Entrada com a senha de aplicativo { $subject }
security-log-email-changed = Endereço de e-mail alterado
security-log-factor-added = Segundo fator adicionado
security-log-factor-removed = Segundo fator removido
security-log-factor-wrong = Senha certa, mas segundo fator errado
security-log-grant = Um aplicativo recebeu acesso
security-log-new-network = O acesso foi renovado de uma rede nunca vista
security-log-password-changed = Senha alterada
security-log-password-session = Um programa entrou com sua senha
security-log-scope-refused = Um aplicativo teve negado o que você não permitiu
security-log-set-changed = O que { $subject } dá a um aplicativo mudou
security-log-sign-in = Entrada em um navegador

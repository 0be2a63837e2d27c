# A página dos navegadores e programas que entraram.

devices-heading = Onde você entrou
devices-browsers = Navegadores
devices-browsers-hint = Quem usa um deles pode aprovar aplicativos em seu nome. Os aplicativos já aprovados continuam; eles têm uma página própria.
devices-browser-system = { $browser } no { $system }
devices-browser = { $browser }
devices-system = Um navegador no { $system }
devices-unknown = Um navegador
devices-this = Este
devices-signed-in = Entrou em
devices-first = Visto primeiro em
devices-last = Visto por último em
devices-place = Da rede
devices-once = Não lembrado: sua senha será pedida de novo em breve.
devices-sign-out = Sair lá
devices-sign-out-others = Sair em todos os outros
devices-sessions = Programas com senha
devices-sessions-none = Nenhum programa entrou com uma senha.
devices-sessions-hint = Estes entraram com uma senha em vez de vir até aqui.
devices-with-app-password = Com a senha de aplicativo { $name }
devices-with-password = Com a sua senha
devices-used = Renovado por último em
devices-end = Encerrar
devices-done-ended = Encerrado. O programa saiu.
devices-done-signed-out = Você saiu lá.
devices-done-signed-out-others = Você saiu em todos os dispositivos, menos neste.
